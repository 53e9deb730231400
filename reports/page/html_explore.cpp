// SPDX-License-Identifier: MIT
#include "reports/page/html_explore.hpp"

#include <string_view>

namespace gibbon::reports::page {
namespace {

constexpr std::string_view kChosen =
    R"html(<div id="controls" data-needs-script="" hidden="hidden" role="group" aria-label="Attack and perturbation size">
<label>attack <select id="attack"></select></label>
<label>ε <input type="range" id="epsilon" min="0" max="0" step="1"/></label>
<output id="epsilon-text" for="epsilon"></output>
<button type="button" id="play">▶ play</button>
<span id="verdict" role="status"></span>
</div>
<section id="walk" hidden="hidden">
<h2>Adversarial examples</h2>
<p class="facts"><span id="walk-attack"></span> Each image was rounded to 8 bits, saved, read back and
judged again. The difference x′ − x is that of the saved images; where ε bounds each value, its colours end at ±ε.</p>
<div class="row"><label>class <select id="walk-class"></select></label>
<label>order <select id="walk-order"></select></label></div>
<div id="walk-samples" role="group" aria-label="Samples"></div>
<p id="walk-empty" hidden="hidden"></p>
<div id="walk-stage">
<h3 id="walk-title"></h3>
<div class="triptych">
<span>x</span><span></span><span id="walk-formula"></span><span></span><span>x′</span>
<canvas id="walk-clean" role="img" aria-label="clean image"></canvas><span class="operator">+</span>
<canvas id="walk-delta" role="img" aria-label="difference of both images, blue negative, red positive"></canvas>
<span class="operator">=</span>
<canvas id="walk-adversarial" role="img" aria-label="adversarial image"></canvas>
<span class="under" id="walk-clean-says"></span><span></span>
<span class="under"><i class="scale"></i><span id="walk-scale"></span></span><span></span>
<span class="under"><span id="walk-says" role="status"></span><br/><small id="walk-note"></small></span>
</div>
<div id="walk-bars" role="list" aria-label="Confidence in each class"></div>
</div>
</section>
<section id="changes" hidden="hidden">
<h2>Samples that changed</h2>
<p class="facts"><span class="where"></span>. Where the run folders hold pictures of a sample, they are
shown: as it is, and under attack at this ε, with what the models say to it.</p>
<p id="changes-lost-count"></p>
<ul class="columns" id="changes-lost"></ul>
<p id="changes-gained-count"></p>
<ul class="columns" id="changes-gained"></ul>
</section>
<section id="classes" hidden="hidden">
<h2>Accuracy per class</h2>
<p class="facts"><span class="where"></span>. Thin lines are 95 % Wilson intervals; classes have few
images, so read small differences as chance.</p>
<div class="chart low"><canvas id="classes-chart" role="img"></canvas></div>
</section>
<section id="became" hidden="hidden">
<h2>Confusion matrix</h2>
<p class="facts"><span class="where"></span>. Images by true class (row) and predicted class (column)
at this ε; the diagonal is classified correctly.</p>
<div class="scroll" role="region" tabindex="0" aria-label="Confusion matrix" id="became-table"></div>
</section>
)html";

constexpr std::string_view kMore = R"html(<section id="confidence" hidden="hidden">
<h2>Confidence</h2>
<p class="facts"><span class="where"></span>. Confidence of the model in its prediction, for images
classified correctly and misclassified at this ε.</p>
<div class="chart low"><canvas id="confidence-chart" role="img"></canvas></div>
</section>
<section id="radii" hidden="hidden">
<h2>Certified radius</h2>
<p class="facts" id="radii-text"></p>
<div class="chart low"><canvas id="radii-chart" role="img"></canvas></div>
</section>
<section id="distances" hidden="hidden">
<h2>Smallest distances</h2>
<p class="facts" id="distances-text"></p>
<div class="chart low"><canvas id="distances-chart" role="img"></canvas></div>
</section>
)html";

}  // namespace

// The bar stays in view as long as its parent does.
std::string explore_section(const std::string& diagnosis) {
  std::string html = "<div id=\"explore\">\n";
  html.append(kChosen).append(diagnosis).append(kMore);
  return html + "</div>\n";
}

}  // namespace gibbon::reports::page
