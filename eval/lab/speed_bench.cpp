// SPDX-License-Identifier: MIT
// gibbon against LibTorch, one thread each, on the same samples in the same run: forward, forward
// and backward to the input, the whole FGSM, and an epoch of training, of multilayer perceptrons
// and of convolutional networks. Both are compared before they are timed. Ours walks in blocks of
// 64 as every evaluation does; LibTorch gets the best of several batch sizes (training: the given
// one). Times are CPU times of the process, so helper threads would show.
//
// ./speed_bench --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>

#include <benchmark/benchmark.h>

#include "attacks/attack.hpp"
#include "base/rng.hpp"
#include "models/kernels/peak.hpp"
#include "models/mlp.hpp"
#include "models/reference.hpp"
#include "models/train/architecture.hpp"
#include "models/train/initialise.hpp"
#include "models/train/stepper.hpp"
#include "models/trainable_graph.hpp"

namespace gibbon::eval::lab {
namespace {

constexpr std::size_t kSamples = 4096;
constexpr std::size_t kGraphSamples = 512;  // a convolution is a hundred times the work
constexpr std::size_t kBlock = 64;
constexpr double kEpsilon = 0.1;
constexpr double kMomentum = 0.9;
constexpr std::array<std::size_t, 6> kBatches{16, 64, 256, 512, 1024, 4096};

/// Pictures like MNIST's: four pixels of five are black.
struct Samples {
  Tensor x{kSamples, 784};
  std::vector<int> labels;
  std::vector<std::uint64_t> ids;
  std::vector<double> budgets = std::vector<double>(kBlock, kEpsilon);

  Samples() {
    Rng rng(1, 0, "speed-bench");
    for (float& value : x.flat()) value = std::max(0.0F, rng.uniform(-4.0F, 1.0F));
    for (std::size_t n = 0; n < kSamples; ++n) {
      labels.push_back(static_cast<int>(rng.below(10)));
      ids.push_back(n);
    }
  }
};

const Samples& samples() {
  static const Samples made;
  return made;
}

/// Multiplications and additions of the matrix products, per sample.
struct Work {
  double forward = 0.0;
  double backward_inputs = 0.0;
  double backward_parameters = 0.0;
  explicit Work(const models::Network& network) {
    for (std::size_t l = 0; l < network.layers.size(); ++l)
      add(network.layers[l].weight.flat().size(), l == 0);
  }
  explicit Work(const models::Graph& graph) {
    const std::vector<models::FeatureShape> shapes = graph.shapes();
    for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
      for (const models::Parameter& p : graph.nodes[k].layer->parameters()) {
        if (p.role != models::Role::kDecayed) continue;
        add(p.values.size() * shapes[k + 1].height * shapes[k + 1].width, forward == 0.0);
      }
    }
  }

 private:
  /// In training nobody asks what the first layer's input would have.
  void add(std::size_t weights, bool first) {
    const double product = 2.0 * static_cast<double>(weights);
    forward += product;
    backward_inputs += product;
    backward_parameters += first ? product : 2.0 * product;
  }
};

/// One network in both engines.
class Pair {
 public:
  explicit Pair(const models::Network& network)
      : Pair(Work(network), kSamples, std::make_unique<models::Mlp>(network),
             *models::open_reference(network, models::Precision::kFloat32),
             [network] { return std::make_unique<models::TrainableMlp>(network); }) {}
  explicit Pair(const models::Graph& graph)
      : Pair(Work(graph), kGraphSamples, std::make_unique<models::GraphModelOf<float>>(graph),
             *models::open_reference(graph, models::Precision::kFloat32),
             [graph] { return std::make_unique<models::TrainableGraphOf<float>>(graph); }) {
    strays = 100;
  }

  Work work;
  std::size_t count;                 ///< of samples
  std::vector<std::uint32_t> order;  ///< a shuffle of them
  /// One number of so many may differ in an input gradient: where a ReLU or a max pool stands
  /// within rounding of another branch. 0: none.
  std::size_t strays = 0;

  /// Each returns its result for the last block.
  Rows our_forward() {
    Rows logits;
    for_each_block([&](Rows x, Labels, std::size_t) { logits = model_->forward(x, tape_); });
    return logits;
  }

  Rows our_input_gradient() {
    const models::Loss loss = models::make_loss("cross-entropy", models::Output::kSoftmax);
    for_each_block([&](Rows x, Labels labels, std::size_t) {
      const Rows logits = model_->forward(x, tape_);
      for (std::size_t n = 0; n < x.rows; ++n) {
        loss.evaluate(logits.row(n), static_cast<std::size_t>(labels[n]), seeds_.row(n));
      }
      model_->backward(tape_, std::as_const(seeds_).view(), out_.view());
    });
    return std::as_const(out_).view();
  }

  Rows our_fgsm() {
    for_each_block([&](Rows x, Labels labels, std::size_t first) {
      attack_->run(oracle_,
                   {.x = x,
                    .labels = labels,
                    .ids = std::span(samples().ids).subspan(first, x.rows),
                    .epsilons = std::span(samples().budgets).first(x.rows)},
                   workspace_, out_.view());
    });
    return std::as_const(out_).view();
  }

  void start_our_training(const models::OptimizerInfo& optimizer) {
    stepper_.reset();
    trained_ = make_trainable_();
    stepper_ = std::make_unique<models::train::Stepper>(
        *trained_, models::train::StepSettings{
                       .loss = models::make_loss("cross-entropy", models::Output::kSoftmax),
                       .optimizer = &optimizer,
                       .momentum = kMomentum});
  }

  /// Returns the parameters.
  Row our_epoch(std::span<const std::uint32_t> of, std::size_t batch, double learning_rate) {
    for (std::size_t n = 0; n < of.size(); n += batch) {
      stepper_->step(samples().x.view(), samples().labels,
                     of.subspan(n, std::min(batch, of.size() - n)), learning_rate);
    }
    return std::as_const(*trained_).parameters();
  }

  models::ResidentReference& theirs() { return *theirs_; }

 private:
  using MakeTrainable = std::function<std::unique_ptr<models::TrainableOf<float>>()>;

  Pair(const Work& per_sample, std::size_t samples_used,
       std::unique_ptr<models::Classifier> classifier, const models::Reference& reference,
       MakeTrainable make_trainable)
      : work(per_sample),
        count(samples_used),
        model_(std::move(classifier)),
        make_trainable_(std::move(make_trainable)),
        theirs_(reference.hold(samples().x.view().slice(0, count),
                               Labels(samples().labels).first(count))),
        tape_(model_->make_tape(kBlock)),
        oracle_(*model_, attacks::Access::kGradients, kBlock),
        attack_(attacks::find("fgsm").make()),
        seeds_(kBlock, model_->num_classes()),
        out_(kBlock, model_->input_dim()) {
    for (std::size_t n = 0; n < count; ++n) order.push_back(static_cast<std::uint32_t>(n));
    Rng rng(1, 1, "speed-bench");
    shuffle(order, rng);
  }

  template <class Body>
  void for_each_block(const Body& body) const {
    for (std::size_t n = 0; n < count; n += kBlock) {
      body(samples().x.view().slice(n, kBlock), Labels(samples().labels).subspan(n, kBlock), n);
    }
  }

  std::unique_ptr<models::Classifier> model_;
  MakeTrainable make_trainable_;
  std::unique_ptr<models::ResidentReference> theirs_;
  models::Tape tape_;
  attacks::Oracle oracle_;
  std::unique_ptr<attacks::Attack> attack_;
  attacks::Workspace workspace_;
  Tensor seeds_;
  Tensor out_;
  std::unique_ptr<models::TrainableOf<float>> trained_;
  std::unique_ptr<models::train::Stepper> stepper_;
};

/// Throws unless ours is what LibTorch got, within `tolerance` of the largest number, but for
/// `strays` entries.
void expect_same(const std::string& what, Row ours, const TensorOf<double>& theirs,
                 double tolerance, std::size_t strays) {
  const std::span<const double> all = theirs.flat();
  const std::span<const double> wanted = all.last(ours.size());  // LibTorch's batch may be longer
  double scale = 0.0;
  for (const double value : wanted) scale = std::max(scale, std::abs(value));
  std::size_t different = 0;
  for (std::size_t k = 0; k < ours.size(); ++k) {
    different += std::abs(static_cast<double>(ours[k]) - wanted[k]) <= tolerance * scale ? 0U : 1U;
  }
  if (different > strays) {
    throw std::runtime_error(
        fmt::format("{}: {} of {} numbers differ from LibTorch's; nothing is "
                    "timed",
                    what, different, ours.size()));
  }
}

struct Job {
  std::string name;                         ///< "FGSM/784-16-16-10/relu"
  double flops;                             ///< per sample
  std::size_t samples;                      ///< of a pass
  std::function<void()> ours;               ///< one pass over all samples
  std::function<void(std::size_t)> theirs;  ///< likewise, with LibTorch's batch size
  std::vector<std::size_t> batches;         ///< to choose from
  std::function<void()> start = [] {};      ///< before either, untimed
};

/// Jobs of one network, after a comparison of their results. They refer to `pair`.
std::vector<Job> jobs_of(Pair& pair, const std::string& label) {
  models::ResidentReference& theirs = pair.theirs();
  const Work& work = pair.work;
  std::vector<std::size_t> any;
  for (const std::size_t batch : kBatches) {
    if (batch <= pair.count) any.push_back(batch);
  }
  const double gradient = work.forward + work.backward_inputs;
  std::vector<Job> jobs{
      {"forward/" + label, work.forward, pair.count, [&] { pair.our_forward(); },
       [&](std::size_t batch) { theirs.forward(batch); }, any},
      {"gradient/" + label, gradient, pair.count, [&] { pair.our_input_gradient(); },
       [&](std::size_t batch) { theirs.input_gradient(batch); }, any},
      {"FGSM/" + label, gradient, pair.count, [&] { pair.our_fgsm(); },
       [&](std::size_t batch) { theirs.fgsm(batch, kEpsilon); }, any}};
  const std::size_t pixels = kBlock * 784;
  const std::size_t strays = pair.strays == 0 ? 0 : pixels / pair.strays;
  theirs.forward(kBlock);
  expect_same(jobs[0].name, pair.our_forward().flat(), theirs.result(), 1e-4, 0);
  theirs.input_gradient(kBlock);
  expect_same(jobs[1].name, pair.our_input_gradient().flat(), theirs.result(), 1e-4, strays);
  theirs.fgsm(kBlock, kEpsilon);
  expect_same(jobs[2].name, pair.our_fgsm().flat(), theirs.result(), 1e-4,
              strays + pixels / 1000);  // pixels whose gradient has no clear sign

  for (const std::string_view name : {"sgd", "adam"}) {
    const models::OptimizerInfo& optimizer = models::find_optimizer(name);
    const double rate = optimizer.usual_learning_rate / 10.0;
    const auto start = [&pair, &theirs, &optimizer, rate] {
      pair.start_our_training(optimizer);
      theirs.start_training(optimizer.name, rate, kMomentum);
    };
    for (const std::size_t batch : {std::size_t{64}, std::size_t{128}}) {
      jobs.push_back({fmt::format("{} epoch, batch {}/{}", name, batch, label),
                      work.forward + work.backward_parameters,
                      pair.count,
                      [&pair, batch, rate] { pair.our_epoch(pair.order, batch, rate); },
                      [&pair, &theirs](std::size_t size) { theirs.train_epoch(pair.order, size); },
                      {batch},
                      start});
      start();
      // Four updates: over an epoch rounding grows, at kinks of relu and where Adam divides by √v ≈
      // 0.
      const std::vector<std::uint32_t> first(
          pair.order.begin(), pair.order.begin() + static_cast<std::ptrdiff_t>(4 * batch));
      theirs.train_epoch(first, batch);
      const Row parameters = pair.our_epoch(first, batch, rate);
      expect_same(jobs.back().name, parameters, theirs.result(), 1e-3, parameters.size() / 1000);
    }
  }
  return jobs;
}

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// LibTorch's fastest batch size for the job: best of three passes each.
std::size_t best_batch(const Job& job) {
  if (job.batches.size() == 1) return job.batches.front();
  std::map<double, std::size_t> by_time;
  for (const std::size_t batch : job.batches) {
    for (int pass = 0; pass < 3; ++pass) by_time[seconds([&] { job.theirs(batch); })] = batch;
  }
  return by_time.begin()->second;
}

/// Console output as usual; keeps the shortest time of each benchmark.
class Collector final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
      const double time = run.cpu_accumulated_time / static_cast<double>(run.iterations);
      const auto [entry, added] = best_.try_emplace(run.run_name.function_name, time);
      if (!added) entry->second = std::min(entry->second, time);
    }
  }
  /// Seconds of one pass; 0 when the benchmark did not run.
  [[nodiscard]] double best(const std::string& name) const {
    const auto found = best_.find(name);
    return found == best_.end() ? 0.0 : found->second;
  }

 private:
  std::map<std::string, double> best_;
};

/// Times pass(), after job.start() and prepare().
void add(const std::string& name, const Job& job, double peak, const std::function<void()>& prepare,
         const std::function<void()>& pass) {
  const auto body = [=, start = job.start, flops = job.flops,
                     samples_used = job.samples](benchmark::State& state) {
    start();
    prepare();
    for (auto _ : state) pass();
    const double images =
        static_cast<double>(state.iterations()) * static_cast<double>(samples_used);
    using benchmark::Counter;
    state.counters["images/s"] = Counter(images, Counter::kIsRate);
    state.counters["FLOP/s"] = Counter(images * flops, Counter::kIsRate);
    state.counters["of peak"] = Counter(images * flops / peak, Counter::kIsRate);
  };
  benchmark::RegisterBenchmark(name.c_str(), body)
      ->MeasureProcessCPUTime()
      ->Unit(benchmark::kMillisecond);
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const double peak = models::kernels::measure_peak();
  fmt::print("{}; {}: {:.1f} GFLOP/s on one core\n", models::reference_engine(),
             models::kernels::peak_instructions(), peak * 1e-9);

  std::vector<std::unique_ptr<Pair>> pairs;
  std::vector<Job> jobs;
  const auto enter = [&](const auto& network, const std::string& label) {
    pairs.push_back(std::make_unique<Pair>(network));
    for (Job& job : jobs_of(*pairs.back(), label)) jobs.push_back(std::move(job));
  };
  const models::train::InitialiserInfo& xavier = models::train::find_initialiser("xavier");
  for (const std::vector<std::size_t>& widths :
       {std::vector<std::size_t>{784, 16, 16, 10}, std::vector<std::size_t>{784, 256, 256, 10}}) {
    for (const std::string_view activation : {"sigmoid", "relu"}) {
      const models::Network network = models::train::make_network(
          widths, models::make_activation(activation), models::Output::kSoftmax, xavier, 1);
      enter(network, fmt::format("{}/{}", network.architecture(), activation));
    }
  }
  for (const std::string_view line :
       {"conv32:3p1,relu,maxpool:2,conv64:3p1,relu,maxpool:2,dense200,relu,dense10",
        "conv16:4s2p1,relu,conv32:4s2p1,relu,dense100,relu,dense10"}) {
    const models::Graph graph =
        models::train::make_graph(line, {28, 28, 1}, models::Output::kSoftmax, xavier, 1);
    enter(graph, graph.architecture());
  }
  std::vector<std::size_t> chosen(jobs.size(), 0);
  for (std::size_t k = 0; k < jobs.size(); ++k) {
    const Job& job = jobs[k];
    add(
        job.name + "/gibbon", job, peak, [] {}, job.ours);
    add(
        job.name + "/LibTorch", job, peak,
        [&job, &batch = chosen[k]] {
          if (batch == 0) batch = best_batch(job);
        },
        [&job, &batch = chosen[k]] { job.theirs(batch); });
  }
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector);

  fmt::print("\n{:<52} {:>7} {:>9} {:>10} {:>10} {:>6} {:>7} {:>7}\n",
             "best times, one thread each", "samples", "MFLOP per", "gibbon", "LibTorch", "batch",
             "ratio", "of peak");
  for (std::size_t k = 0; k < jobs.size(); ++k) {
    const double ours = collector.best(jobs[k].name + "/gibbon");
    const double theirs = collector.best(jobs[k].name + "/LibTorch");
    if (ours == 0.0 || theirs == 0.0) continue;  // filtered out
    fmt::print("{:<52} {:>7} {:>9.3f} {:>7.2f} ms {:>7.2f} ms {:>6} {:>6.2f}x {:>5.0f} %\n",
               jobs[k].name, jobs[k].samples, 1e-6 * jobs[k].flops, 1e3 * ours, 1e3 * theirs,
               chosen[k], theirs / ours,
               100.0 * jobs[k].flops * static_cast<double>(jobs[k].samples) / ours / peak);
  }
  return 0;
}

}  // namespace
}  // namespace gibbon::eval::lab

int main(int argc, char** argv) {
  try {
    return gibbon::eval::lab::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
