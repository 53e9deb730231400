#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Drives report.html in headless Chromium as a person would, and compares what it shows with the
run's files. Usage: page_test.py GIBBON [unittest arguments]. Exit code 77: no browser here."""

import base64
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy
from PIL import Image

try:
    from selenium import webdriver
    from selenium.webdriver import ActionChains, Keys
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.support.ui import Select, WebDriverWait
except ImportError:
    webdriver = None

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
CLASSES = ["plain", "<b>bold&\"'", "ünï"]
MODEL = "<script>alert(1)<img src=x>.onnx"
OWN = 'document.title="owned"'  # what a script of somebody else would do
EPSILONS = "0,0.05,0.1,0.2,8/255,0.4"
gibbon = None


def make_pictures(folder, channels):
    """Three classes told apart by where they are bright, 30 noisy pictures each."""
    random = numpy.random.default_rng(7)
    for split in ("train", "test"):
        for k, name in enumerate(CLASSES):
            (folder / split / name).mkdir(parents=True)
            for i in range(30):
                level = numpy.full((9, 9, channels), 90.0)
                level[3 * k:3 * k + 3] += 60
                level += random.normal(0, 25, level.shape)
                pixels = level.clip(0, 255).astype(numpy.uint8)
                Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels).save(
                    folder / split / name / f"{i:02}.png")


def run_gibbon(*arguments, cwd):
    subprocess.run([gibbon, *arguments], cwd=cwd, check=True, stdout=subprocess.DEVNULL)


def make_runs(folder):
    for channels, name in ((1, "grey"), (3, "colour")):
        make_pictures(folder / name, channels)
        model = MODEL if channels == 1 else "colour.onnx"
        run_gibbon("train", "--data", name, "--arch", f"{81 * channels}-8-3", "--epochs", "20",
                   "--batch", "8", "--quiet", "-o", model, cwd=folder)
        run_gibbon("sweep", "--model", model, "--data", name, "--attack", "fgsm", "--attack",
                   "pgd:steps=5", "--attack", "noise-sign", "--norm", "linf", "--norm", "l2",
                   "--epsilons", EPSILONS, "--gallery", "3", "--quiet", "-o", f"run_{name}",
                   cwd=folder)
    run_gibbon("report", "run_grey", "run_colour", "-o", "both.html", cwd=folder)
    shutil.copytree(folder / "run_grey", folder / "run_band")
    for output in ("run_band", "run_alone"):  # one joins a sweep, one has no attack
        run_gibbon("certify", "--model", MODEL, "--data", "grey", "--epsilons",
                   "0.001,8/255,0.05,0.1,0.4", "--radius", "--nodes", "0", "--quiet",
                   "-o", output, cwd=folder)
    run_gibbon("report", "run_band", "run_alone", "-o", "bands.html", cwd=folder)
    run_gibbon("train", "--data", "grey", "--arch", "81-8-3", "--epochs", "4", "--batch", "8",
               "--seed", "5", "--quiet", "-o", "other.onnx", cwd=folder)
    run_gibbon("sweep", "--model", "other.onnx", "--data", "grey", "--attack", "fgsm", "--attack",
               "pgd:steps=5", "--epsilons", EPSILONS, "--quiet", "-o", "run_other", cwd=folder)
    run_gibbon("compare", "run_grey", "run_other", "-o", "compare.html", cwd=folder)
    # Neither attack is the worst case: each breaks samples that the other one does not.
    run_gibbon("sweep", "--model", "other.onnx", "--data", "grey", "--attack", "r-fgsm", "--attack",
               "uap", "--epsilons", "0.05,0.1,0.2", "--gallery", "1", "--quiet", "-o", "run_mixed",
               cwd=folder)


def open_browser():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--disable-background-networking", "--disable-component-update",
                     "--disable-sync", "--no-first-run"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(service=Service(DRIVER), options=options)


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="gibbon_page_"))
        make_runs(cls.folder)
        cls.browser = open_browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.resize(1280, 900)
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
        self.open("run_grey/report.html")

    def tearDown(self):
        self.assertEqual(self.browser.get_log("browser"), [])

    def open(self, page):
        self.page = self.folder / page
        self.browser.get(self.page.as_uri())

    def resize(self, width, height):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def js(self, code, *arguments):
        return self.browser.execute_script("return " + code, *arguments)

    def find(self, css):
        return self.browser.find_element("css selector", css)

    def all(self, css):
        return self.browser.find_elements("css selector", css)

    def wait(self, condition, what):
        WebDriverWait(self.browser, 10, 0.02).until(lambda _: condition(), what)

    def curve(self):
        with open(self.page.parent / "curve.csv", newline="") as file:
            return list(csv.DictReader(file))

    def manifest(self):
        return json.loads((self.page.parent / "gallery.json").read_text())

    def choose_attack(self, attack, symbol):
        Select(self.find("#attack")).select_by_visible_text(f"{attack}, {symbol}")

    def choose_epsilon(self, epsilon):
        """Moves the slider by keyboard, as anyone can."""
        slider = self.find("#epsilon")
        slider.send_keys(Keys.HOME)
        for _ in range(20):
            if self.js("state.epsilon") >= epsilon:
                break
            slider.send_keys(Keys.ARROW_RIGHT)
        self.assertEqual(self.js("state.epsilon"), epsilon)

    def canvas_pixels(self, css):
        return numpy.array(self.js(PIXELS, css), dtype=numpy.uint8).reshape(-1, 4)

    # What it needs and says.

    def test_no_network_and_no_markup_from_names(self):
        self.browser.get_log("performance")
        self.open("run_grey/report.html")
        urls = [json.loads(entry["message"])["message"] for entry in
                self.browser.get_log("performance")]
        urls = [m["params"]["request"]["url"] for m in urls
                if m["method"] == "Network.requestWillBeSent"]
        self.assertEqual([u for u in urls if not u.startswith("data:")], [self.page.as_uri()])
        self.assertIn(MODEL, self.find("h1").text)
        self.assertEqual(self.all("h1 img, main b"), [])
        self.assertIn(CLASSES[1], [cell.text for cell in self.all("#became-table th")])
        self.assertLess(self.page.stat().st_size, 5_000_000)

    def foreign(self, name, edit):
        """A copy of a run as somebody could send it: `edit` changes the text of run.json, which keeps
        no trace of it."""
        folder = self.folder / name
        shutil.copytree(self.folder / "run_grey", folder)
        text = json.loads(edit((folder / "run.json").read_text()))
        for key in ("digest", "checksum", "digests"):
            text.pop(key, None)
        (folder / "run.json").write_text(json.dumps(text))
        return folder

    def test_names_of_a_foreign_run_execute_nothing(self):
        attack = "</noscript></script><script>" + OWN + "</script><img src=x onerror='" + OWN + "'>"
        name = json.dumps(attack)[1:-1]

        def edit(text):
            text = text.replace('"fgsm"', f'"{name}"').replace('"plain"', f'"{name}"')
            run = json.loads(text.replace(MODEL, name))
            run["diagnosis"] = run.get("diagnosis", []) + [attack]
            return json.dumps(run)

        self.foreign("foreign", edit)
        run_gibbon("report", "foreign", cwd=self.folder)
        self.open("foreign/report.html")
        self.assertIn(attack, self.find("h1").text)
        self.assertIn(attack, self.find("main").text.replace("\n", ""))
        self.choose_attack(attack, "l∞")
        self.choose_epsilon(0.2)
        self.assertNotEqual(self.js("document.title"), "owned")
        self.assertEqual(self.all("main script, main img[src=x]"), [])

    def test_an_edited_curve_executes_nothing(self):
        folder = self.foreign("edited", lambda text: text)
        (folder / "curve.svg").write_text(
            "<svg xmlns='http://www.w3.org/2000/svg' onload='" + OWN + "'><script>" + OWN +
            "</script></svg></noscript><script>" + OWN + "</script><img src=x onerror='" + OWN + "'>")
        run_gibbon("gallery", "edited", "--gallery", "1", cwd=self.folder)
        for scripts in (True, False):
            self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled",
                                         {"value": not scripts})
            self.open("edited/report.html")
            self.assertNotEqual(self.browser.title, "owned")
        self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})

    def test_the_policy_stops_what_gets_in(self):
        self.js("document.body.append(Object.assign(document.createElement('script'), "
                "{textContent: arguments[0]}))", OWN)
        self.js("document.body.insertAdjacentHTML('beforeend', arguments[0])",
                "<img src=x onerror='" + OWN + "'>")
        self.assertNotEqual(self.js("document.title"), "owned")
        blocked = [entry["message"] for entry in self.browser.get_log("browser")]
        self.assertEqual(len([text for text in blocked if "Content Security Policy" in text]),
                         len(blocked))
        self.assertGreaterEqual(len(blocked), 2)

    def test_axes_have_units(self):
        for chart, x, y in (
                ("curve", "perturbation size ε (pixel values in [0, 1], l∞)", "accuracy in %, n = 90"),
                ("classes-chart", "true class", "accuracy in %"),
                ("confidence-chart", "confidence in the prediction, in %", "images"),
                ("distances-chart",
                 "smallest distance that breaks the image (pixel values in [0, 1], l∞)", "images")):
            self.choose_attack("fgsm", "l∞")
            titles = self.js("['x', 'y'].map(a => Chart.getChart(arguments[0]).scales[a]"
                             ".options.title.text)", chart)
            self.assertEqual(titles, [x, y])

    # The curve.

    def test_tooltips_show_the_numbers_of_curve_csv(self):
        canvas = self.find("#curve")
        self.js("document.getElementById('curve').scrollIntoView({block: 'center'})")
        rows = [r for r in self.curve() if r["norm"] == "linf"]
        for epsilon in sorted({float(r["epsilon"]) for r in rows}):
            at = self.js("Chart.getChart('curve').scales.x.getPixelForValue(arguments[0])", epsilon)
            size = canvas.size
            ActionChains(self.browser).move_to_element_with_offset(
                canvas, round(at) - size["width"] // 2, 20 - size["height"] // 4).perform()
            tips = {tip.get_attribute("data-attack"): tip.text for tip in self.all("#curve-tip div")}
            here = [r for r in rows if float(r["epsilon"]) == epsilon
                    and r["attack"] != "worst-case"]
            self.assertEqual(set(tips), {r["attack"] for r in here})
            for r in here:
                tip = tips[r["attack"]]
                self.assertIn(f"({r['correct']} of {r['n']};", tip)
                low, high = 100 * float(r["wilson_low"]), 100 * float(r["wilson_high"])
                self.assertIn(f"95 % interval {low:.1f}–{high:.1f} %", tip)
                self.assertIn(f"{100 * float(r['accuracy']):.1f} %", tip)

    def test_bands_are_the_intervals_of_curve_csv(self):
        sets = self.js("Chart.getChart('curve').data.datasets.map(s => s.data.map(p => [p.x, p.y]))")
        self.assertEqual(len(sets), 9)
        for i, attack in enumerate(["fgsm", "pgd:steps=5", "noise-sign"]):
            rows = [r for r in self.curve() if r["norm"] == "linf" and r["attack"] == attack]
            for k, column in enumerate(["wilson_low", "wilson_high", "accuracy"]):
                expected = [[float(r["epsilon"]), 100 * float(r[column])] for r in rows]
                numpy.testing.assert_allclose(sets[3 * i + k], expected, atol=1e-9)

    def test_the_band_pointed_at_is_full(self):
        bands = ("Chart.getChart('curve').data.datasets.filter(s => s.fill === '-1')"
                 ".map(s => Number(/[0-9.]+(?=\\)$)/.exec(s.backgroundColor())))")
        self.assertEqual(self.js(bands), [0.12] * 3)
        canvas = self.find("#curve")
        self.js("document.getElementById('curve').scrollIntoView({block: 'center'})")
        x, y = self.js("(p => [p.x, p.y])(Chart.getChart('curve').getDatasetMeta(5).data[4])")  # pgd
        ActionChains(self.browser).move_to_element_with_offset(
            canvas, round(x) - canvas.size["width"] // 2,
            round(y) - canvas.size["height"] // 2).perform()
        self.assertEqual(self.js(bands), [0.12, 0.38, 0.12])
        self.assertIn("pgd", self.find("#curve-tip .pointed").text)
        ActionChains(self.browser).move_to_element(self.all("#curve-legend button")[0]).perform()
        self.assertEqual(self.js(bands), [0.38, 0.12, 0.12])
        ActionChains(self.browser).move_to_element(self.find("h2")).perform()
        self.assertEqual(self.js(bands), [0.12] * 3)

    def check_axis(self):
        """Every line of the ε axis has a label, and every label has room and stands where something was
        measured."""
        ticks = self.js("(s => s.ticks.map((t, i) => [t.value, t.label, s.getPixelForTick(i)]))"
                        "(Chart.getChart('curve').scales.x)")
        measured = self.js("epsilons()")
        for value, label, _ in ticks:
            self.assertIn(value, measured)
            self.assertTrue(label)
        self.assertEqual(ticks[-1][0], measured[-1])
        gaps = numpy.diff([x for _, _, x in ticks])
        self.assertTrue((gaps > 20).all(), ticks)
        return [label for _, label, _ in ticks]

    def test_lines_of_the_axes_meet_their_labels(self):
        self.assertEqual(self.check_axis()[0], "0")
        self.find("#axis-log").click()
        self.assertEqual(self.check_axis()[0], "0.031373")
        self.resize(320, 700)
        self.wait(lambda: self.js("Chart.getChart('curve').width < 320"), "resize")
        self.check_axis()

    def test_chance_is_named_beside_the_curves(self):
        self.assertEqual(self.find("#curve-legend .chance").text, "chance level, 1 of 3")

    def test_the_chart_is_there_as_files(self):
        for page, csv_file in (("run_grey/report.html", "run_grey/curve.csv"), ("both.html", None)):
            self.open(page)
            files = {}
            for link in self.all(".downloads a"):
                kind, data = link.get_attribute("href").split(";base64,")
                files[link.get_attribute("download")] = (kind, base64.b64decode(data))
            self.assertEqual({name: kind for name, (kind, _) in files.items()},
                             {"curve.svg": "data:image/svg+xml", "curve.pdf": "data:application/pdf",
                              "curve.csv": "data:text/csv"})
            self.assertTrue(files["curve.pdf"][1].startswith(b"%PDF"))
            self.assertIn(b"<svg", files["curve.svg"][1])
            if csv_file:
                self.assertEqual(files["curve.csv"][1], (self.folder / csv_file).read_bytes())
            else:
                rows = list(csv.DictReader(files["curve.csv"][1].decode().splitlines()))
                self.assertEqual({r["model"][:3] for r in rows}, {"A: ", "B: "})

    def test_all_attacks_are_a_curve_unless_one_of_them_is_it(self):
        names = "run().series.filter(s => s.norm === 'linf').map(s => s.name)"
        self.assertEqual(self.js(names), ["fgsm", "pgd:steps=5", "noise-sign (noise)"])
        self.open("run_mixed/report.html")
        self.assertEqual(self.js(names), ["r-fgsm", "uap", "all attacks"])
        self.assertEqual(self.js("seriesName(series())"), "all attacks")
        # Each sample under the attack that breaks it first.
        first = {}
        for item in self.manifest():
            if item["still_adversarial"]:
                first[item["id"]] = min(first.get(item["id"], (9, "")), (item["epsilon"], item["attack"]),
                                        key=lambda one: one[0])
        for button in self.all("#walk-samples button"):
            sample = int(button.get_attribute("data-id"))
            button.click()
            if sample in first:
                self.assertTrue(self.find("#walk-title").text.endswith("under " + first[sample][1]))
        self.choose_attack("uap", "l∞")
        self.assertEqual(self.find("#walk-attack").text, "Attack: uap.")

    def test_the_order_of_the_page(self):
        heads = [h.text for h in self.all("main h2") if h.is_displayed()]
        self.assertEqual(heads[:5], ["Accuracy over perturbation size", "Adversarial examples",
                                     "Accuracy per class", "Confusion matrix", "Diagnosis"])
        folded = [s.text for s in self.all("details:not([open]) > summary")]
        self.assertEqual(folded[-1], "Provenance")

    def test_legend_switches_curves(self):
        drawn = "Chart.getChart('curve').data.datasets.filter(s => s.label).map(s => s.label)"
        self.assertEqual(self.js(drawn),
                         ["fgsm", "pgd:steps=5", "noise-sign (noise)"])
        button = self.find("#curve-legend button")
        self.assertEqual((button.text, button.get_attribute("aria-pressed")), ("fgsm", "true"))
        button.click()
        self.assertEqual(self.js(drawn), ["pgd:steps=5", "noise-sign (noise)"])
        self.assertEqual(self.find("#curve-legend button").get_attribute("aria-pressed"), "false")
        self.browser.switch_to.active_element.send_keys(Keys.ENTER)  # the focus stayed on it
        self.assertEqual(len(self.js(drawn)), 3)

    def test_logarithmic_axis_leaves_zero_out(self):
        self.find("#axis-log").click()
        self.assertEqual(self.js("Chart.getChart('curve').scales.x.type"), "logarithmic")
        first = self.js("Math.min(...Chart.getChart('curve').data.datasets"
                        ".flatMap(s => s.data.map(p => p.x)))")
        self.assertGreater(first, 0)
        self.assertEqual(self.js("Chart.getChart('curve').scales.x.min"), first)

    def test_norms_are_switched(self):
        self.find("[data-norm=l2]").click()
        self.assertIn("l₂", self.js("Chart.getChart('curve').scales.x.options.title.text"))
        self.assertTrue(self.js("norm()") == "l2")

    def test_arrow_keys_on_the_curve_move_epsilon(self):
        self.choose_epsilon(0.1)
        self.find("#curve").send_keys(Keys.ARROW_RIGHT)
        self.assertEqual(self.js("state.epsilon"), 0.2)
        self.assertIn("ε = 0.2", self.find("#curve-tip strong").text)
        self.assertIn("At ε = 0.2", self.find("#curve").get_attribute("aria-label"))

    # The band.

    def certified(self):
        with open(self.page.parent / "certified.csv", newline="") as file:
            return list(csv.DictReader(file))

    def band(self):
        return self.js("Chart.getChart('curve').data.datasets.map(s => s.data.map(p => p.y))"
                       ".slice(-4)")

    def test_band_has_the_edges_of_certified_csv(self):
        for page in ("run_band/report.html", "run_alone/report.html"):
            self.open(page)
            rows = self.certified()
            expected = [[100 * float(r["certified_low"]) for r in rows],
                        [100 * float(r["certified_high"]) for r in rows],
                        [100 * (1 - float(r["attacked_share"])) for r in rows],
                        [100 * float(r["certified_share"]) for r in rows]]
            numpy.testing.assert_allclose(self.band(), expected, atol=1e-9)
            self.assertIn("undecided between", self.all("#curve-legend button")[-1].text)
        # What the sweep's worst case broke is attacked, where both looked.
        self.open("run_band/report.html")
        worst = {float(r["epsilon"]): int(r["correct"]) for r in self.curve()
                 if r["norm"] == "linf" and r["attack"] == "worst-case"}
        both = [r for r in self.certified() if float(r["epsilon"]) in worst]
        self.assertEqual(len(both), 4)
        for r in both:
            self.assertEqual(int(r["n"]) - int(r["attacked"]), worst[float(r["epsilon"])])

    def test_band_tells_its_counts(self):
        self.open("run_band/report.html")
        self.js("document.getElementById('curve').scrollIntoView({block: 'center'})")
        self.choose_attack("certified", "l∞")
        for r in self.certified():
            self.choose_epsilon(float(r["epsilon"]))
            undecided = f"undecided {r['undecided']}" if r["undecided"] != "0" else "exact, 0 undecided"
            share = f"{100 * float(r['certified_share']):.1f} %"
            self.assertIn(f"certified, {r['certified']} of 90; {undecided}", self.find("#verdict").text)
            canvas = self.find("#curve")
            self.assertIn(undecided, canvas.get_attribute("aria-label"))
            canvas.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
            if self.js("state.epsilon") != float(r["epsilon"]):
                continue  # the last one: there is nothing to its right
            tip = self.find("#curve-tip [data-attack=certified]").text
            self.assertIn(f"({r['certified']} of 90;", tip)
            self.assertIn(f"({r['attacked']} of 90;", tip)
            self.assertIn(undecided, tip)
            if 0 < int(r["certified"]) < 90:
                self.assertIn(share, tip)
        self.assertFalse(self.find("#classes").is_displayed(), "nothing is known of classes")

    def test_band_is_switched_off_by_its_legend(self):
        self.open("run_alone/report.html")
        self.find("#curve-legend button").click()
        self.assertEqual(self.js("Chart.getChart('curve').data.datasets.length"), 0)

    def test_radii_are_those_of_radii_csv(self):
        self.open("run_band/report.html")
        with open(self.page.parent / "radii.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        attacked = numpy.array([float(r["attacked"] or "inf") for r in rows])
        are, may = self.js("Chart.getChart('radii-chart').data.datasets.map(s => s.data)")
        for at, shown in ((p["x"], p["y"]) for p in are[::20]):
            self.assertAlmostEqual(shown, 100 * (attacked <= at * (1 + 1e-12)).mean(), 9)
        for one, other in zip(may, are):
            self.assertGreaterEqual(one["y"], other["y"])
        self.assertIn("median upper bound", self.find("#radii-text").text)
        self.assertEqual(self.js("document.querySelector('#radii-chart').getAttribute('aria-label')"),
                         self.find("#radii-text").text)
        self.open("run_grey/report.html")
        self.assertFalse(self.find("#radii").is_displayed())

    def test_bands_of_several_runs_have_colours_of_their_own(self):
        self.open("bands.html")
        colours = self.js("Chart.getChart('curve').data.datasets.filter(s => s.segment)"
                          ".map(s => s.borderColor)")
        self.assertEqual(len(colours), 2)
        self.assertEqual(len(set(colours)), 2)

    # A sample on its way.

    def check_walk(self, channels):
        for attack in sorted({item["attack"] for item in self.manifest() if item["norm"] == "linf"}):
            self.choose_attack(attack, "l∞")
            items = [item for item in self.manifest()
                     if item["norm"] == "linf" and item["attack"] == attack]
            sample = items[0]["id"]
            self.find(f"#walk-samples [data-id='{sample}']").click()
            for item in (one for one in items if one["id"] == sample):
                self.choose_epsilon(item["epsilon"])
                index = 1 + [i["epsilon"] for i in items if i["id"] == sample].index(item["epsilon"])
                self.wait(lambda: self.find("#walk-stage").get_attribute("data-frame") == str(index),
                          f"frame {index}")
                bars = {int(bar.get_attribute("data-class")): float(bar.get_attribute("data-value"))
                        for bar in self.all(".bar-row")}
                self.assertEqual(list(bars), [0, 1, 2])
                numpy.testing.assert_allclose(list(bars.values()), item["confidences"], atol=1e-9)
                widths = self.js("[...document.querySelectorAll('.bar')].map(b => "
                                 "b.firstChild.getBoundingClientRect().width / "
                                 "b.getBoundingClientRect().width)")
                numpy.testing.assert_allclose(widths, item["confidences"], atol=0.01)
                self.check_pictures(item, channels)
                right = item["found_label"] == item["label"]
                self.assertTrue(self.find("#walk-says").text.startswith(
                    f"{'✓' if right else '✗'} says {CLASSES_SORTED[item['found_label']]} · "))

    def check_pictures(self, item, channels):
        folder = self.page.parent
        clean = numpy.asarray(Image.open(folder / f"gallery/clean_{item['id']:05}.png"), dtype=int)
        found = numpy.asarray(Image.open(folder / item["file"]), dtype=int)
        for css, picture in (("#walk-clean", clean), ("#walk-adversarial", found)):
            shown = self.canvas_pixels(css)[:, :3]
            numpy.testing.assert_array_equal(
                shown, numpy.broadcast_to(picture.reshape(-1, channels), shown.shape))
        delta = (found - clean).reshape(-1, channels)
        shown = self.canvas_pixels("#walk-delta")[:, :3].astype(int)
        if channels == 1:  # red above zero, blue below, white at it
            numpy.testing.assert_array_equal(numpy.sign(shown[:, 0] - shown[:, 2]),
                                             numpy.sign(delta[:, 0]))
        else:
            numpy.testing.assert_array_equal(numpy.sign(shown - 127.5) * (delta != 0),
                                             numpy.sign(delta))

    def test_slider_shows_the_stored_pictures_and_confidences(self):
        self.check_walk(1)

    def test_slider_shows_colour_pictures(self):
        self.open("run_colour/report.html")
        self.check_walk(3)

    def test_no_perturbation_at_zero(self):
        self.choose_epsilon(0.4)
        self.find("#epsilon").send_keys(Keys.HOME)
        self.wait(lambda: self.find("#walk-stage").get_attribute("data-frame") == "0", "frame 0")
        numpy.testing.assert_array_equal(self.canvas_pixels("#walk-clean"),
                                         self.canvas_pixels("#walk-adversarial"))
        self.assertTrue((self.canvas_pixels("#walk-delta") == 255).all())

    def test_filter_and_order(self):
        thumbs = "[...document.querySelectorAll('#walk-samples button')]"
        everything = self.js(f"{thumbs}.map(b => b.dataset.label)")
        self.assertEqual(everything, sorted(everything))
        Select(self.find("#walk-class")).select_by_visible_text(CLASSES[2])
        self.assertEqual(set(self.js(f"{thumbs}.map(b => b.dataset.label)")), {"2"})
        Select(self.find("#walk-class")).select_by_value("all")
        broken = {}
        attack = self.find("#walk-attack").text
        for item in self.manifest():
            if item["norm"] == "linf" and item["attack"] in attack and item["still_adversarial"]:
                broken[item["id"]] = min(item["epsilon"], broken.get(item["id"], 9))
        for order, sign in (("first to break", 1), ("hardest", -1)):
            Select(self.find("#walk-order")).select_by_visible_text(order)
            ids = self.js(f"{thumbs}.map(b => Number(b.dataset.id))")
            at = [sign * broken.get(i, 10) for i in ids]
            self.assertEqual(at, sorted(at), order)
            self.assertEqual(self.find("#walk-samples [aria-pressed=true]").get_attribute("data-id"),
                             str(ids[0]))

    def test_samples_by_keyboard(self):
        first, second = self.all("#walk-samples button")[:2]
        first.click()
        first.send_keys(Keys.ARROW_RIGHT)
        self.assertEqual(second.get_attribute("aria-pressed"), "true")
        self.assertIn(f"sample {second.get_attribute('data-id')},", self.find("#walk-title").text)

    def test_everything_is_reached_by_tab(self):
        reached = set()
        self.find("body").click()
        for _ in range(80):
            ActionChains(self.browser).send_keys(Keys.TAB).perform()
            reached.add(self.js("document.activeElement.id || document.activeElement.tagName"))
        for id_ in ("curve", "axis-log", "attack", "epsilon", "play", "walk-class", "walk-order",
                    "became-table", "SUMMARY"):
            self.assertIn(id_, reached)

    def test_play_walks_to_the_largest_epsilon(self):
        self.choose_epsilon(0.1)
        self.find("#play").click()
        self.wait(lambda: self.js("state.epsilon") == 0.4, "the largest ε")
        self.wait(lambda: "play" in self.find("#play").text, "the end")

    # The other charts.

    def test_who_becomes_whom_sums_to_the_curve(self):
        for page, attack, name in (("run_grey", "fgsm", "fgsm"),
                                   ("run_grey", "pgd:steps=5", "pgd:steps=5"),
                                   ("run_mixed", "worst-case", "all attacks")):
            if not self.page.match(f"{page}/*"):
                self.open(f"{page}/report.html")
            self.choose_attack(name, "l∞")
            for row in (r for r in self.curve() if r["norm"] == "linf" and r["attack"] == attack):
                self.choose_epsilon(float(row["epsilon"]))
                cells = numpy.array([[int(cell.text or 0) for cell in tr.find_elements("tag name", "td")]
                                     for tr in self.all("#became-table tbody tr")])
                self.assertEqual(cells.sum(), int(row["n"]))
                self.assertEqual(numpy.trace(cells), int(row["correct"]))
                classes = self.js("Chart.getChart('classes-chart').data.datasets[0].data")
                numpy.testing.assert_allclose(classes, 100 * numpy.diag(cells) / cells.sum(axis=1))

    def test_confidences_and_distances_are_those_of_the_records(self):
        samples = numpy.load(self.page.parent / "samples.npy")
        rows = [i for i, r in enumerate(self.curve()) if r["attack"] == "pgd:steps=5"
                and r["norm"] == "linf"]
        self.choose_attack("pgd:steps=5", "l∞")
        for row in rows:
            records = samples[samples["curve_row"] == row]
            self.choose_epsilon(float(self.curve()[row]["epsilon"]))
            right, fooled = self.js("Chart.getChart('confidence-chart').data.datasets.map(s => s.data)")
            self.assertEqual(sum(fooled), records["fooled"].sum())
            bins = numpy.histogram(records["confidence"][records["fooled"] == 1], 20, (0, 1))[0]
            self.assertEqual(fooled, list(bins))
            self.assertEqual(sum(right), (records["broken"] == 0).sum())
        nearest = samples[samples["curve_row"] == rows[0]]["nearest"]
        bars = self.js("Chart.getChart('distances-chart').data.datasets[0].data.map(p => p.y)")
        self.assertEqual(sum(bars), ((nearest > 0) & (nearest <= 0.4 * (1 + 1e-6))).sum())
        self.assertIn(f"{(nearest == 0).sum()} are misclassified without attack",
                      self.find("#distances-text").text)

    # Where it is looked at.

    def test_dark_mode(self):
        ink = "getComputedStyle(document.body).color"
        light = self.js(f"[{ink}, Chart.getChart('curve').scales.x.options.title.color]")
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        self.wait(lambda: self.js(f"[{ink}, Chart.getChart('curve').scales.x.options.title.color]")[1]
                  != light[1], "dark charts")
        self.assertNotEqual(self.js(ink), light[0])

    def test_no_width_cuts_anything(self):
        for page in ("run_grey/report.html", "run_colour/report.html", "both.html", "compare.html",
                     "run_band/report.html", "run_alone/report.html", "bands.html"):
            self.open(page)
            for width in (320, 768, 1920):
                self.resize(width, 900)
                self.wait(lambda: self.js("Chart.getChart('curve').width <= innerWidth"), "resize")
                self.assertLessEqual(self.js("document.scrollingElement.scrollWidth"), width)
                self.assertEqual(self.js(OUTSIDE), [], f"{page} at {width}")

    def test_prints(self):
        pdf = self.browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
        self.assertTrue(pdf.startswith("JVBERi"))  # "%PDF-" in base64
        # As the paper has them: sharp, light and in their own proportions, beside their headings.
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        self.resize(680, 900)
        self.js("dispatchEvent(new Event('beforeprint'))")
        for chart, section in (("curve", "accuracy"), ("classes-chart", "classes"),
                               ("confidence-chart", "confidence"), ("distances-chart", "distances")):
            width, height, box_width, box_height = self.js(
                "(c => [c.width, c.height, c.getBoundingClientRect().width,"
                " c.getBoundingClientRect().height])(document.getElementById(arguments[0]))", chart)
            self.assertAlmostEqual(width / height, box_width / box_height, 1, chart)
            self.assertGreater(width, 1.9 * box_width)
            self.assertEqual(self.js(f"getComputedStyle(document.getElementById('{section}'))"
                                     ".breakInside"), "avoid")
        self.assertEqual(self.js("css('--ink')"), "#1c1f23")
        self.assertTrue(all(fold.get_attribute("open") for fold in self.all("details")))
        self.js("dispatchEvent(new Event('afterprint'))")
        self.assertEqual(self.js("css('--paper')"), "#fff")

    def test_several_runs(self):
        self.open("both.html")
        self.assertEqual(len(self.all("h1")), 1)
        drawn = "Chart.getChart('curve').data.datasets.filter(s => s.label)"
        names = [f"A: {MODEL} (81-8-3)", "B: colour.onnx (243-8-3)"]
        self.assertEqual(self.js(drawn + ".map(s => s.label)"),
                         [name + " · all attacks" for name in names])
        rows = self.all(".summary tbody tr")[:2]
        self.assertEqual([row.find_element("tag name", "th").text for row in rows], names)
        with open(self.folder / "run_grey/curve.csv", newline="") as file:
            worst = {r["epsilon"]: r for r in csv.DictReader(file)
                     if r["norm"] == "linf" and r["attack"] == "worst-case"}
        cells = rows[0].find_elements("tag name", "td")
        self.assertEqual(cells[0].text, "all attacks")
        self.assertIn(f"{worst['0.4']['correct']} / 90", cells[-1].text)
        # Colour means the model, in the table and in every curve of it.
        self.all("#curve-legend button")[0].click()
        colours = self.js(drawn + ".map(s => [s.curve.run, s.borderColor])")
        self.assertEqual(len(colours), 3)
        self.assertEqual(len({tuple(one) for one in colours}), 2)
        self.assertEqual(len(self.all("#attack optgroup")), 2)
        self.choose_epsilon(0.2)
        attack = Select(self.find("#attack"))
        attack.select_by_value("1 0")
        self.assertEqual(self.js("run().name"), "B: colour.onnx (243-8-3)")
        self.assertEqual(self.js("state.epsilon"), 0.2)

    def test_the_samples_that_changed(self):
        self.open("compare.html")
        runs = {}
        for name in ("run_grey", "run_other"):
            with open(self.folder / name / "curve.csv", newline="") as file:
                runs[name] = (numpy.load(self.folder / name / "samples.npy"),
                              [(float(r["epsilon"]), i) for i, r in enumerate(csv.DictReader(file))
                               if r["norm"] == "linf" and r["attack"] == "pgd:steps=5"])
        Select(self.find("#attack")).select_by_value("0 1")
        shown = 0
        for epsilon in [e for e, _ in runs["run_grey"][1] if e > 0]:
            self.choose_epsilon(epsilon)
            a, b = (samples[samples["curve_row"] == dict(rows)[epsilon]]
                    for samples, rows in runs.values())
            stands_a, stands_b = a["broken"] == 0, b["broken"] == 0
            for name, changed in (("lost", stands_a & ~stands_b), ("gained", ~stands_a & stands_b)):
                self.assertTrue(self.find(f"#changes-{name}-count").text.startswith(
                    f"{changed.sum()} of 90: "))
                items = self.all(f"#changes-{name} li")
                self.assertEqual(sorted(int(li.get_attribute("data-id")) for li in items),
                                 list(a["id"][changed]))
                pictured = [len(li.find_elements("tag name", "canvas")) > 0 for li in items]
                self.assertEqual(pictured, sorted(pictured, reverse=True))
                self.assertTrue(all(" %)" in li.text for li in items))
                shown += sum(pictured)
        self.assertGreater(shown, 0)
        table = self.find("h2 + p + .scroll table")
        self.assertIn("verdict", table.text)

    def test_an_old_run_is_drawn(self):
        """A run.json and samples.npy without what was added since the first version."""
        old = self.folder / "old"
        shutil.copytree(self.folder / "run_grey", old)
        text = json.loads((old / "run.json").read_text())
        for key in ("distances", "cost", "checksum", "files"):
            del text[key]
        (old / "run.json").write_text(json.dumps(text))
        samples = numpy.load(old / "samples.npy")
        numpy.save(old / "samples.npy", samples[list(samples.dtype.names[:16])].astype(
            [(name, samples.dtype[name]) for name in samples.dtype.names[:16]]))
        items = json.loads((old / "gallery.json").read_text())
        for item in items:
            for key in set(item) - {"id", "attack", "norm", "epsilon", "label", "clean_label",
                                    "found_label", "clean_confidence", "found_confidence",
                                    "still_adversarial", "file", "label_name", "found_name"}:
                del item[key]
        (old / "gallery.json").write_text(json.dumps(items))
        run_gibbon("report", "old", cwd=self.folder)
        self.open("old/report.html")
        self.choose_epsilon(0.2)
        self.assertEqual(len(self.all(".bar-row")), 1)
        self.assertFalse(self.find("#distances").is_displayed())


# What is visible, not inside a box that scrolls, and reaches beyond the window.
OUTSIDE = """[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, pre, noscript')
  && e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))"""
# RGBA of a canvas, through a copy: Chromium warns where a canvas that is shown is read back.
PIXELS = """(shown => { const copy = new OffscreenCanvas(shown.width, shown.height)
    .getContext('2d', {willReadFrequently: true}); copy.drawImage(shown, 0, 0);
  return [...copy.getImageData(0, 0, shown.width, shown.height).data] })
  (document.querySelector(arguments[0]))"""
# Folders of classes are read in the order of their bytes.
CLASSES_SORTED = sorted(CLASSES, key=lambda name: name.encode())

if __name__ == "__main__":
    if webdriver is None or not os.path.exists(CHROMIUM) or not os.path.exists(DRIVER):
        print("skipped: chromium, chromium-driver and python3-selenium drive the page")
        sys.exit(77)
    gibbon = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
