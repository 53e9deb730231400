// SPDX-License-Identifier: MIT
// Files that are damaged, or made to hurt: each is an input Error, before memory or time is spent.
#include <fstream>
#include <zlib.h>

#include "base/limits.hpp"
#include "base/temporary_folder.hpp"
#include "models/onnx/axes.hpp"
#include "models/onnx/handmade.hpp"
#include "models/onnx/text.hpp"

namespace gibbon::models::onnx {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::ThrowsMessage;

/// Other limits for one test.
class FileLimit {
 public:
  explicit FileLimit(std::size_t bytes) : before_(file_limit.exchange(bytes)) {}
  ~FileLimit() { file_limit = before_; }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  std::size_t before_;
};

const std::string kTooMuch =
    "its content takes more than {} bytes of memory; allow more with "
    "--file-limit";
std::string too_much(std::size_t limit) { return fmt::format(fmt::runtime(kTooMuch), limit); }

constexpr std::int64_t kHuge = std::int64_t{1} << 62;

/// A layer of two outputs behind a row of four.
std::string last_layer(Handmade& m, const std::string& from) {
  m.tensor("V", {4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  m.node("MatMul", {from, "V"}, "y");
  return "y";
}

TEST(HostileModel, InputsOfAnySize) {
  const auto refuses = [](const std::vector<std::int64_t>& dims, const std::string& what) {
    chain(dims, [](Handmade& m) {
      return last_layer(m, "x");
    }).expect_refused("input 'x': " + what);
  };
  const std::size_t limit = file_limit;
  refuses({0, std::int64_t{1} << 31}, too_much(limit));
  refuses({0, std::int64_t{1} << 40}, too_much(limit));
  refuses({1 << 16, 1 << 16, 1 << 14}, too_much(limit));
  refuses({1, kHuge, 4}, "shape 1x4611686018427387904x4: too many elements; the file is damaged");
  // 2^64 + 4 elements, which are 4 where nobody looks: read beyond the end by a Transpose.
  chain({0, kHuge + 1, 4},
        [](Handmade& m) {
          set_ints(m.node("Transpose", {"x"}, "t"), "perm", {0, 2, 1});
          return last_layer(m, "t");
        })
      .expect_refused(
          "input 'x': shape 1x4611686018427387905x4: too many elements; "
          "the file is damaged");
  refuses({0, -4}, "it has a dimension of -4; allowed are 1 and more");
  refuses(std::vector<std::int64_t>(65, 1), "it has 65 dimensions; allowed are 64");
  Handmade m = usual();
  auto& type = *m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type();
  type.mutable_shape()->mutable_dim(1)->set_dim_value(0);
  m.expect_refused("input 'x': it has a dimension of 0; allowed are 1 and more");
  type.mutable_shape()->mutable_dim(1)->set_dim_value(4);
  type.mutable_shape()->mutable_dim(0)->set_dim_value(-1);
  m.expect_read();
  type.clear_shape();
  m.expect_read();  // its first weight says it
  m = chain({0, 1, 1, 1}, [](Handmade& g) {
    g.tensor("W", {1, 1, 1, 1}, {1});
    g.node("Conv", {"x", "W"}, "y");
    return std::string("y");
  });
  m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  m.expect_refused("input 'x': it has no shape; export the model with one");
}

TEST(HostileModel, ReshapesThatOverflow) {
  const auto refuses = [](const std::vector<std::int64_t>& shape, const std::string& what) {
    chain({0, 4}, [&](Handmade& m) {
      m.integers("shape", shape);
      m.node("Reshape", {"x", "shape"}, "r");
      return last_layer(m, "r");
    }).expect_refused("node 'r' (Reshape): " + what);
  };
  refuses({kHuge, 4, 4},
          "shape 4611686018427387904x4x4: too many elements; the "
          "file is damaged");
  // 2^64 + 4, and with one dimension left open
  refuses({1, kHuge + 1, 4},
          "shape 1x4611686018427387905x4: too many elements; "
          "the file is damaged");
  refuses({-1, kHuge, 8},
          "shape 1x4611686018427387904x8: too many elements; the "
          "file is damaged");
  refuses({-2, -2}, "shape mismatch: -2 as dimension 0 of the new shape is not allowed");
  refuses({-1, -1}, "shape mismatch: -1 as dimension 1 of the new shape is not allowed");
  refuses(std::vector<std::int64_t>(65, 1), "65 axes; allowed are 64");
}

TEST(HostileModel, TensorsThatPromiseMoreThanTheyHold) {
  const auto refuses = [](const std::function<void(::onnx::TensorProto&)>& damage,
                          const std::string& what) {
    Handmade m = usual();
    damage(*m.graph().mutable_initializer(0));
    m.expect_refused("tensor 'W1': " + what);
  };
  refuses([](::onnx::TensorProto& t) { t.set_dims(0, kHuge); },
          "shape 4611686018427387904x4: too many elements; the file is damaged");
  refuses([](::onnx::TensorProto& t) { t.set_dims(0, kHuge / 8); },
          "12 values, but its shape asks for 2305843009213693952; the file is damaged");
  refuses(
      [](::onnx::TensorProto& t) {  // two negatives whose product is right
        t.set_dims(0, -3);
        t.set_dims(1, -4);
      },
      "it has a dimension of -3; the file is damaged");
  refuses(
      [](::onnx::TensorProto& t) {
        for (int k = 0; k < 63; ++k) t.add_dims(1);
      },
      "it has 65 dimensions; allowed are 64");
  refuses([](::onnx::TensorProto& t) { t.set_raw_data(std::string(48, '\0')); },
          "its numbers are stored twice; the file is damaged");
  refuses([](::onnx::TensorProto& t) { t.mutable_segment()->set_begin(0); },
          "it is stored in parts; export the model as one file");
}

TEST(HostileModel, ConstantsThatBecomeLarge) {
  const FileLimit limit(1 << 20);
  const auto refuses = [](const Handmade& m, const std::string& where) {
    m.expect_refused(where + too_much(1 << 20));
  };
  refuses(chain({0, 16'000},
                [](Handmade& m) {  // one value for all features
                  m.tensor("c", {1}, {1});
                  m.node("Sub", {"x", "c"}, "a");
                  m.node("Sub", {"a", "c"}, "b");
                  return last_layer(m, "b");
                }),
          "node 'b' (Sub): ");
  refuses(chain({0, 1},
                [](Handmade& m) {  // a diagonal of 1,000 × 1,000 behind an activation
                  m.tensor("V", {1, 1'000}, Floats(1'000, 1.0F));
                  m.tensor("c", {1}, {2});
                  m.node("MatMul", {"x", "V"}, "z");
                  m.node("Relu", {"z"}, "a");
                  m.node("Mul", {"a", "c"}, "y");
                  return std::string("y");
                }),
          "node 'y' (Mul): ");
  refuses(chain({0, 20'000},
                [](Handmade& m) {  // turned over and over
                  for (int k = 0; k < 9; ++k) {
                    set_ints(m.node("Transpose", {k == 0 ? "x" : std::to_string(k - 1)},
                                    std::to_string(k)),
                             "perm", {0, 1});
                  }
                  return last_layer(m, "8");
                }),
          "node '2' (Transpose): ");
  const auto again = [](const std::string& op, int times) {  // the same constant in every node
    return chain({0, 64}, [&](Handmade& m) {
      m.tensor("c", {1}, {2});
      m.tensor("V", {64, 64}, Floats(4096, 1.0F));
      m.node("MatMul", {"x", "V"}, "0");
      for (int k = 0; k < times; ++k) {
        m.node(op, {std::to_string(k), op == "MatMul" ? "V" : "c"}, std::to_string(k + 1));
      }
      return std::to_string(times);
    });
  };
  for (const std::string op : {"MatMul", "Mul"}) {
    EXPECT_EQ(again(op, 5).read().input_dim(), 64U) << op;
    EXPECT_THAT(
        [&] { static_cast<void>(again(op, 200).read()); },
        ThrowsMessage<Error>(AllOf(HasSubstr(" (" + op + "): "), EndsWith(too_much(1 << 20)))))
        << op;
  }
  refuses(chain({0, 64},
                [](Handmade& m) {  // copies of copies
                  m.tensor("0", {64, 64}, Floats(4096, 1.0F));
                  for (int k = 0; k < 30; ++k) {
                    m.node("Identity", {std::to_string(k)}, std::to_string(k + 1));
                  }
                  m.node("MatMul", {"x", "30"}, "y");
                  return std::string("y");
                }),
          "node '15' (Identity): ");
}

TEST(HostileModel, MoreOfEverythingThanANetworkHas) {
  const auto deep = [](int layers) {
    return chain({0, 1}, [=](Handmade& m) {
      m.tensor("V", {1, 1}, {1});
      for (int k = 0; k < layers; ++k) {
        m.node("MatMul", {k == 0 ? "x" : "a" + std::to_string(k - 1), "V"},
               "z" + std::to_string(k));
        m.node("Relu", {"z" + std::to_string(k)}, "a" + std::to_string(k));
      }
      return "a" + std::to_string(layers - 1);
    });
  };
  EXPECT_EQ(deep(1000).read().layers.size(), 1000U);
  deep(1001).expect_refused("node 'z1000' (MatMul): it is layer 1001; allowed are at most 1000");
  deep(20'000).expect_refused("it has 40000 nodes; allowed are at most 10000");
  // Two bytes of file that are hundreds in memory, each.
  const FileLimit limit(1 << 20);
  std::string nodes;
  for (int k = 0; k < 4000; ++k) nodes += std::string("\x0A\0", 2);
  const std::string graph = std::string("\x3A\xC0\x3E") + nodes;  // field 7, 8000 bytes
  EXPECT_THAT([&] { static_cast<void>(parse_model(graph, "m.onnx")); },
              ThrowsMessage<Error>("m.onnx: " + too_much(1 << 20)));
}

TEST(HostileModel, GraphsInGraphsAndBombs) {
  std::string bytes;
  for (int k = 0; k < 30'000; ++k) {
    const auto wrap = [&](char tag) {
      std::string head(1, tag);
      for (std::size_t size = bytes.size(); head.size() == 1 || size > 0; size >>= 7U) {
        head += static_cast<char>((size & 0x7FU) | (size > 0x7F ? 0x80U : 0U));
      }
      bytes.insert(0, head);
    };
    // graph { node { attribute { g { …
    for (const char tag : {'\x32', '\x2A', '\x0A'}) wrap(tag);
    if (k == 200) break;
  }
  bytes = std::string("\x3A") + static_cast<char>((bytes.size() & 0x7FU) | 0x80U) +
          static_cast<char>(bytes.size() >> 7U) + bytes;
  EXPECT_THAT([&] { static_cast<void>(parse_model(bytes, "m.onnx")); },
              ThrowsMessage<Error>(StartsWith("m.onnx: not an ONNX model")));

  const FileLimit limit(1 << 20);
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "bomb.onnx.gz").string();
  gzFile file = gzopen(path.c_str(), "wb9");
  const std::string zeros(4 << 20, '\0');
  gzwrite(file, zeros.data(), static_cast<unsigned>(zeros.size()));
  gzclose(file);
  EXPECT_THAT([&] { static_cast<void>(read_model(path)); },
              ThrowsMessage<Error>(HasSubstr(
                  "decompresses to more than 1048576 bytes, the most that is read; allow more with "
                  "--file-limit")));
  std::ofstream(folder.path() / "empty.onnx").flush();
  EXPECT_THAT([&] { static_cast<void>(read_model(folder.path() / "empty.onnx")); },
              ThrowsMessage<Error>(HasSubstr("empty.onnx: not an ONNX model (0 bytes)")));
}

/// A graph of a convolution and what `nodes` add.
Handmade branching(const std::function<std::string(Handmade&)>& nodes) {
  return chain({0, 1, 2, 2}, [&](Handmade& m) {
    m.tensor("W", {1, 1, 1, 1}, {1});
    m.node("Conv", {"x", "W"}, "c");
    return nodes(m);
  });
}

TEST(HostileModel, GraphsThatAreNone) {
  branching([](Handmade& m) {
    m.node("Add", {"c", "late"}, "s");
    m.node("Relu", {"s"}, "late");
    return std::string("late");
  }).expect_refused("node 's' (Add): its input 'late' is made by no node before it");
  branching([](Handmade& m) {
    m.node("Add", {"c", "s"}, "s");
    return std::string("s");
  }).expect_refused("node 's' (Add): its input 's' is made by no node before it");
  branching([](Handmade& m) {
    m.node("Conv", {"c", "nobody"}, "y");
    return std::string("y");
  }).expect_refused("node 'y' (Conv): its weight is not a constant");
  branching([](Handmade& m) {
    m.node("Relu", {"c"}, "y");
    m.node("Tanh", {"c"}, "y");
    return std::string("y");
  })
      .expect_refused(
          "node 'y' (Tanh): its output 'y' has the name of another value; the file is damaged");
  branching([](Handmade&) {
    return std::string("nobody");
  }).expect_refused("its output 'nobody' is made by no node");
  branching([](Handmade& m) {
    m.node("Sum", Names(65, "c"), "y");
    return std::string("y");
  }).expect_refused("node 'y' (Sum): it has 65 inputs; allowed are at most 64");
  branching([](Handmade& m) {
    for (int k = 0; k < 1'000'000; ++k) m.graph().add_node();
    return std::string("c");
  }).expect_refused("it has 1000001 nodes; allowed are at most 10000");
}

TEST(HostileModel, GraphsThatBecomeLarge) {
  const FileLimit limit(1 << 20);
  const auto refuses = [](const std::string& where,
                          const std::function<std::string(Handmade&)>& m) {
    branching(m).expect_refused(where + too_much(1 << 20));
  };
  refuses("node 'y' (Expand): ", [](Handmade& m) {
    m.integers("to", {1, 1, 1 << 20, 1 << 20});
    m.tensor("one", {}, {1});
    m.node("GlobalAveragePool", {"c"}, "g");
    m.node("Expand", {"g", "to"}, "y");
    return std::string("y");
  });
  refuses("node 'y' (Resize): ", [](Handmade& m) {
    m.tensor("by", {4}, {1, 1, 1000, 1000});
    m.node("Resize", {"c", "", "by"}, "y");
    return std::string("y");
  });
  refuses("node 'y' (Pad): ", [](Handmade& m) {
    m.integers("pads", {0, 0, 1 << 20, 1 << 20, 0, 0, 0, 0});
    m.node("Pad", {"c", "pads"}, "y");
    return std::string("y");
  });
  refuses("node 'k' (ConstantOfShape): ", [](Handmade& m) {
    m.integers("to", {1, 1, 1 << 20, 1 << 20});
    m.node("ConstantOfShape", {"to"}, "k");
    m.node("Add", {"c", "k"}, "y");
    return std::string("y");
  });
  refuses("node 'k' (Expand): ", [](Handmade& m) {
    m.integers("to", {1, 1, 1 << 20, 1 << 20});
    m.tensor("one", {}, {1});
    m.node("Expand", {"one", "to"}, "k");
    m.node("Add", {"c", "k"}, "y");
    return std::string("y");
  });
  const auto refused = [](const std::string& what, const std::function<std::string(Handmade&)>& m) {
    branching(m).expect_refused(what);
  };
  const std::string overflow =
      "shape 1x1x4611686018427387904x4: too many elements; the file is damaged";
  refused("node 'y' (Expand): " + overflow, [](Handmade& m) {
    m.integers("to", {1, 1, kHuge, 4});
    m.node("GlobalAveragePool", {"c"}, "g");
    m.node("Expand", {"g", "to"}, "y");
    return std::string("y");
  });
  refused("node 'k' (ConstantOfShape): " + overflow, [](Handmade& m) {
    m.integers("to", {1, 1, kHuge, 4});
    m.node("ConstantOfShape", {"to"}, "k");
    m.node("Add", {"c", "k"}, "y");
    return std::string("y");
  });
  refused("node 'y' (Pad): it has a pad of 4611686018427387904; allowed are up to 2147483648",
          [](Handmade& m) {
            m.integers("pads", {0, 0, kHuge, 0, 0, 0, kHuge, 0});
            m.node("Pad", {"c", "pads"}, "y");
            return std::string("y");
          });
  refused("node 'k' (Mul): it calculates with 4611686018427387904; allowed are up to 2147483648",
          [](Handmade& m) {
            m.integers("a", {kHuge});
            m.node("Mul", {"a", "a"}, "k");
            m.node("Reshape", {"c", "k"}, "y");
            return std::string("y");
          });
  refused("node 'y' (Slice): a step is 0", [](Handmade& m) {
    m.integers("zero", {0});
    m.node("Slice", {"c", "zero", "zero", "zero", "zero"}, "y");
    return std::string("y");
  });
}

TEST(HostileModel, NamesAreShownWithoutHarm) {
  EXPECT_EQ(shown("a\x1B[31m\nb"), "a [31m b");
  EXPECT_EQ(shown(std::string(80, 'a')), std::string(80, 'a'));
  EXPECT_EQ(shown(std::string(81, 'a')), std::string(80, 'a') + "…");
  std::string epsilons;
  for (int k = 0; k < 80; ++k) epsilons += "ε";
  EXPECT_EQ(shown(epsilons), epsilons);
  EXPECT_EQ(shown(epsilons + "ε"), epsilons + "…");

  const std::string hurts = "\x1B]0;title\a\n\x1B[2J" + std::string(1 << 20, 'A');
  const std::vector<std::function<void(Handmade&)>> places{
      [&](Handmade& m) { m.graph().mutable_node(0)->set_name(hurts); },
      [&](Handmade& m) { m.graph().mutable_node(1)->set_op_type(hurts); },
      [&](Handmade& m) { m.graph().mutable_node(1)->set_domain(hurts); },
      [&](Handmade& m) {
        m.graph().mutable_node(1)->set_op_type("LSTM");
        m.graph().mutable_node(1)->set_output(0, hurts);
        m.graph().mutable_node(2)->set_input(0, hurts);
      },
      [&](Handmade& m) { m.graph().mutable_node(2)->set_output(0, hurts); },
      [&](Handmade& m) { m.graph().mutable_node(0)->set_input(0, hurts); },
      [&](Handmade& m) { m.tensor(hurts, {2}, {1}); },
      [&](Handmade& m) { m.input(hurts, {4}); },
      [&](Handmade& m) { Handmade::attribute(*m.graph().mutable_node(0), hurts).set_i(1); },
      [&](Handmade& m) {
        auto& entry = *m.model().add_metadata_props();
        entry.set_key("gibbon.output");
        entry.set_value(hurts);
      }};
  for (std::size_t k = 0; k < places.size(); ++k) {
    Handmade m = usual();
    places[k](m);
    if (k == 0) m.graph().mutable_node(0)->set_op_type("Conv");
    try {
      static_cast<void>(m.read());
      ADD_FAILURE() << "place " << k << " was read";
    } catch (const Error& error) {
      const std::string said = error.what();
      EXPECT_THAT(said, AllOf(HasSubstr("AAAA…"), Not(HasSubstr("\x1B")), Not(HasSubstr("\n"))));
      EXPECT_LT(said.size(), 1000U) << "place " << k;
    }
  }
}

TEST(HostileModel, MetadataIsTextWithoutControlCharacters) {
  Handmade m = usual();
  auto& entry = *m.model().add_metadata_props();
  entry.set_key("k\xFF");
  entry.set_value("two\nlines \xC3\x28 ε");
  const Network read = m.read();
  EXPECT_EQ(read.metadata.at("k\uFFFD"), "two lines \uFFFD( ε");
}

}  // namespace
}  // namespace gibbon::models::onnx
