// SPDX-License-Identifier: MIT
// Training of graphs: steps against a reference in plain loops, the same bits for any number of
// threads, and what a small network learns.
#include <cmath>
#include <functional>
#include <gmock/gmock.h>
#include <numeric>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/rng.hpp"
#include "models/train/architecture.hpp"
#include "models/train/robust/robust_evaluation.hpp"
#include "models/train/train.hpp"
#include "models/trainable_graph.hpp"

namespace gibbon::models::train {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr FeatureShape kPicture{8, 8, 1};

Graph graph_of(std::string_view line, const FeatureShape& input = kPicture) {
  return make_graph(full_architecture(line, 2), input, Output::kSoftmax, find_initialiser("he"), 4);
}

/// Bars through noise: class 0 lies, class 1 stands.
datasets::Dataset bars(std::size_t count = 400) {
  datasets::Dataset data{.name = "bars",
                         .split = "train",
                         .images = {count, 64},
                         .labels = std::vector<int>(count),
                         .ids = std::vector<std::uint64_t>(count),
                         .shape = {.height = 8, .width = 8, .channels = 1, .image = true},
                         .class_names = {"lies", "stands"}};
  for (std::size_t n = 0; n < count; ++n) {
    Rng rng(7, n, "bars");
    const std::size_t at = rng.below(8);
    const std::size_t label = n % 2;
    data.labels[n] = static_cast<int>(label);
    data.ids[n] = n;
    for (float& pixel : data.images.row(n)) pixel = rng.uniform(0.0F, 0.4F);
    for (std::size_t k = 0; k < 8; ++k)
      data.images.row(n)[label == 0 ? 8 * at + k : 8 * k + at] += 0.6F;
  }
  return data;
}

StepSettings step_settings(std::string_view optimizer, std::size_t threads = 1) {
  return {.loss = make_loss("cross-entropy", Output::kSoftmax),
          .optimizer = &find_optimizer(optimizer),
          .threads = threads};
}

TrainSettings settings_of(std::string_view optimizer) {
  return {.step = step_settings(optimizer),
          .schedule = &find_schedule("constant"),
          .learning_rate = find_optimizer(optimizer).usual_learning_rate,
          .epochs = 3,
          .batch = 32,
          .validation = 0.1,
          .seed = 9};
}

std::vector<std::uint32_t> range(std::size_t first, std::size_t count) {
  std::vector<std::uint32_t> out(count);
  std::iota(out.begin(), out.end(), static_cast<std::uint32_t>(first));
  return out;
}

std::vector<float> parameters_of(const Graph& graph) {
  std::vector<float> out;
  for (const Parameter& p : graph.parameters())
    out.insert(out.end(), p.values.begin(), p.values.end());
  return out;
}

/// conv 2: 3×3, stride 2, pad 1 → batch norm → tanh → dense 2, in plain loops: mean cross-entropy
/// of a batch. Nothing of the layers is used.
class PlainNet {
 public:
  static constexpr std::size_t kConv = 2 * 9 + 2;
  static constexpr std::size_t kNorm = 4 * 2;
  static constexpr std::size_t kDense = 2 * 32 + 2;
  static constexpr std::size_t kCount = kConv + kNorm + kDense;

  static double loss(const std::vector<double>& p, Rows images, Labels labels) {
    const std::vector<double> z = normalised(p, images);
    double sum = 0.0;
    for (std::size_t n = 0; n < images.rows; ++n) {
      std::vector<double> logits(2);
      for (std::size_t j = 0; j < 2; ++j) {
        logits[j] = p[kConv + kNorm + 64 + j];
        for (std::size_t c = 0; c < 2; ++c) {
          for (std::size_t place = 0; place < 16; ++place) {  // channel by channel
            logits[j] +=
                p[kConv + kNorm + 32 * j + 16 * c + place] * std::tanh(z[(16 * n + place) * 2 + c]);
          }
        }
      }
      const auto y = static_cast<std::size_t>(labels[n]);
      sum += std::log1p(std::exp(logits[1 - y] - logits[y]));
    }
    return sum / static_cast<double>(images.rows);
  }

  /// Mean and unbiased variance of each channel after the convolution.
  static std::vector<double> statistics(const std::vector<double>& p, Rows images) {
    const std::vector<double> z = convolved(p, images);
    std::vector<double> out(4);
    const double m = static_cast<double>(z.size()) / 2.0;
    for (std::size_t k = 0; k < z.size(); ++k) out[k % 2] += z[k] / m;
    for (std::size_t k = 0; k < z.size(); ++k)
      out[2 + k % 2] += (z[k] - out[k % 2]) * (z[k] - out[k % 2]) / (m - 1.0);
    return out;
  }

 private:
  static std::vector<double> convolved(const std::vector<double>& p, Rows images) {
    std::vector<double> z;
    for (std::size_t n = 0; n < images.rows; ++n) {
      for (int h = 0; h < 4; ++h) {
        for (int w = 0; w < 4; ++w) {
          for (std::size_t o = 0; o < 2; ++o) {
            double sum = p[18 + o];
            for (int i = 0; i < 3; ++i) {
              for (int j = 0; j < 3; ++j) {
                const int y = 2 * h + i - 1;
                const int x = 2 * w + j - 1;
                if (y < 0 || y > 7 || x < 0 || x > 7) continue;
                sum += p[9 * o + static_cast<std::size_t>(3 * i + j)] *
                       static_cast<double>(images.row(n)[static_cast<std::size_t>(8 * y + x)]);
              }
            }
            z.push_back(sum);
          }
        }
      }
    }
    return z;
  }

  static std::vector<double> normalised(const std::vector<double>& p, Rows images) {
    std::vector<double> z = convolved(p, images);
    const std::vector<double> s = statistics(p, images);
    const double m = static_cast<double>(z.size()) / 2.0;
    for (std::size_t k = 0; k < z.size(); ++k) {
      const std::size_t c = k % 2;
      z[k] = p[kConv + c] * (z[k] - s[c]) / std::sqrt(s[2 + c] * (m - 1.0) / m + 1e-5) +
             p[kConv + 2 + c];
    }
    return z;
  }
};

// 20 steps of every optimizer beside gradients by differences of the plain loops; the running
// statistics beside 0.9 old + 0.1 of the batch.
TEST(GraphTraining, TwentyStepsFollowThePlainLoops) {
  const datasets::Dataset data = bars(200);
  const Graph graph = graph_of("conv2:3s2p1,bn,tanh");
  for (const std::string_view optimizer : {"sgd", "momentum", "adam"}) {
    TrainableGraphOf<double> model(graph);
    TrainableGraphOf<double> wanted_model(graph);
    ASSERT_EQ(model.parameters().size(), PlainNet::kCount);
    StepperOf<double> stepper(model, step_settings(optimizer));
    std::vector<double> want(model.parameters().begin(), model.parameters().end());
    std::vector<double> m(want.size());
    std::vector<double> v(want.size());
    constexpr double kAlpha = 0.05;
    for (std::size_t t = 1; t <= 20; ++t) {
      const std::size_t first = 9 * t;
      const Rows images = data.images.view().slice(first, 20);
      const Labels labels = Labels(data.labels).subspan(first, 20);
      const std::vector<double> before = want;
      std::vector<double> moved = want;
      for (std::size_t k = 0; k < want.size(); ++k) {
        if (k >= PlainNet::kConv + 4 && k < PlainNet::kConv + PlainNet::kNorm) {
          want[k] =
              0.9 * before[k] + 0.1 * PlainNet::statistics(before, images)[k - PlainNet::kConv - 4];
          continue;
        }
        constexpr double kStep = 1e-5;
        moved[k] = before[k] + kStep;
        const double right = PlainNet::loss(moved, images, labels);
        moved[k] = before[k] - kStep;
        const double slope = (right - PlainNet::loss(moved, images, labels)) / (2.0 * kStep);
        moved[k] = before[k];
        if (optimizer == "adam") {
          m[k] = 0.9 * m[k] + 0.1 * slope;
          v[k] = 0.999 * v[k] + 0.001 * slope * slope;
          const auto steps = static_cast<double>(t);
          want[k] -= kAlpha * m[k] / (1.0 - std::pow(0.9, steps)) /
                     (std::sqrt(v[k] / (1.0 - std::pow(0.999, steps))) + 1e-8);
        } else {
          m[k] = (optimizer == "momentum" ? 0.9 * m[k] : 0.0) + slope;
          want[k] -= kAlpha * m[k];
        }
      }
      stepper.step(data.images.view(), data.labels, range(first, 20), kAlpha);
      // The bias before batch norm has no gradient: Adam divides two roundings of 0.
      for (std::size_t k = 18; k < 20; ++k) want[k] = model.parameters()[k];
    }
    for (std::size_t k = 0; k < want.size(); ++k)
      EXPECT_NEAR(model.parameters()[k], want[k], 1e-6) << optimizer << ", parameter " << k;
  }
}

constexpr std::string_view kMixed =
    "conv4:3p1,relu,maxpool:2,res(conv4:3p1g2,relu,conv4:3p1d1|conv4:1),relu,globalpool";
constexpr std::string_view kNormed =
    "conv4:3p1,bn,relu,res(conv4:3s2p1,bn,relu,conv4:3p1,bn|conv4:1s2,bn),relu,avgpool:2";

TEST(GraphTraining, ThreadsChangeSpeedAndNoBit) {
  const datasets::Dataset data = bars(300);
  for (const std::string_view line : {kMixed, kNormed}) {
    std::vector<float> want;
    for (const std::size_t threads : {1U, 2U, 3U}) {
      Graph graph = graph_of(line);
      TrainSettings settings = settings_of("adam");
      settings.step.threads = threads;
      settings.step.robust = {.method = &robust::find_robust("pgd"), .epsilon = 0.1, .steps = 2};
      settings.step.augment = parse_augmentation("shift:1,cutout:2");
      settings.batch = 100;
      train(graph, data, settings, {});
      const std::vector<float> got = parameters_of(graph);
      if (want.empty()) want = got;
      EXPECT_EQ(got, want) << line << " on " << threads;
    }
    EXPECT_NE(want, parameters_of(graph_of(line)));
  }
}

TEST(GraphTraining, LearnsBars) {
  const datasets::Dataset data = bars();
  for (const std::string_view line : {std::string_view("conv4:3p1,relu,maxpool:2"), kNormed}) {
    Graph graph = graph_of(line);
    TrainSettings settings = settings_of("adam");
    settings.epochs = 15;
    settings.learning_rate = 0.01;
    const TrainResult result = train(graph, data, settings, {});
    EXPECT_EQ(result.end, TrainEnd::kFinished);
    EXPECT_GE(evaluate(graph, settings.step.loss, data, range(0, data.size()), 1).accuracy(), 0.97)
        << line;
    EXPECT_EQ(to_history_csv(result.history, robust::Worst::kNone).substr(0, 6), "epoch,");
  }
}

TEST(GraphTraining, AgainstAnAdversaryMoreStands) {
  const datasets::Dataset data = bars();
  const robust::RobustSettings pgd{
      .method = &robust::find_robust("pgd"), .epsilon = 0.15, .kappa = 0.0, .clip = data.range};
  const auto stands = [&](const robust::RobustSettings& how) {
    Graph graph = graph_of("conv8:3p1,relu,maxpool:2");
    TrainSettings settings = settings_of("adam");
    settings.step.robust = how;
    settings.epochs = 15;
    settings.learning_rate = 0.01;
    train(graph, data, settings, {});
    return robust::evaluate_robust(graph, settings.step.loss, pgd, data, range(0, data.size()), 2)
        .accuracy();
  };
  const double ordinary = stands({});
  EXPECT_GE(stands(pgd), ordinary + 0.1);
}

struct Interruption {
  ~Interruption() { interrupted = false; }
};

TEST(GraphTraining, AnInterruptKeepsTheBestEpoch) {
  const Interruption undo;
  const datasets::Dataset data = bars();
  Graph graph = graph_of("conv4:3p1,relu,maxpool:2");
  std::vector<float> after_first;
  const TrainResult result =
      train(graph, data, settings_of("adam"),
            {.on_progress =
                 [&](const TrainProgress& p) {
                   if (p.epoch == 2) interrupted = true;
                 },
             .on_epoch = [&](const EpochRecord&) { after_first = parameters_of(graph); }});
  EXPECT_EQ(result.end, TrainEnd::kInterrupted);
  EXPECT_EQ(result.best_epoch, 1U);
  EXPECT_EQ(parameters_of(graph), after_first);
}

TEST(GraphTraining, RefusesByName) {
  const datasets::Dataset data = bars(40);
  const auto refuses = [&](std::string_view line, const std::function<void(TrainSettings&)>& change,
                           const std::string& why) {
    Graph graph = graph_of(line);
    TrainSettings settings = settings_of("sgd");
    change(settings);
    EXPECT_THAT([&] { train(graph, data, settings, {}); }, ThrowsMessage<Error>(HasSubstr(why)));
  };
  for (const std::string method : {"ibp", "crown-ibp"}) {
    refuses(
        "conv2:3,relu",
        [&](TrainSettings& s) { s.step.robust.method = &robust::find_robust(method); },
        "--robust " + method +
            ": its bounds are there for multilayer perceptrons such as 784-100-10, and this "
            "network has conv1 (conv 2: 3×3); allowed is --robust pgd");
  }
  refuses(
      "conv2:3,step", [](TrainSettings&) {}, "step1 (step): its derivative is 0 everywhere");
  refuses(
      "conv2:3,bn,relu", [](TrainSettings& s) { s.step.optimizer = &find_optimizer("gd"); },
      "optimizer gd: batch norm takes the statistics of a whole batch");
  refuses(
      "conv2:3,relu,dense3", [](TrainSettings&) {}, "has 3 classes, but bars has 2");
  refuses(
      "conv2:3,relu",
      [](TrainSettings& s) {
        s.step.loss = make_loss("mse", Output::kSoftmax);
        s.step.robust.method = &robust::find_robust("pgd");
      },
      "--robust pgd: loss mse need not rise");
}

}  // namespace
}  // namespace gibbon::models::train
