# SPDX-License-Identifier: MIT
"""Another model like the given one: adds normal noise to the weights of an ONNX file.

Usage: noisy.py IN OUT SHARE, the noise as a share of each tensor's standard deviation. Walks the
protobuf, ModelProto.graph (7), .initializer (5), .raw_data (9), and writes the numbers where they lie."""
import sys

import numpy


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def fields(data, first, last, wanted):
    """Begin and end of every length-delimited field with this number."""
    at = first
    while at < last:
        key, at = varint(data, at)
        kind, size = key & 7, 0
        if kind == 0:
            _, at = varint(data, at)
        elif kind == 2:
            size, at = varint(data, at)
        else:
            size = 8 if kind == 1 else 4
        if key >> 3 == wanted and kind == 2:
            yield at, at + size
        at += size


data = bytearray(open(sys.argv[1], "rb").read())
random = numpy.random.default_rng(1)
for graph in fields(data, 0, len(data), 7):
    for tensor in fields(data, *graph, 5):
        for first, last in fields(data, *tensor, 9):
            w = numpy.frombuffer(bytes(data[first:last]), "<f4")
            noise = float(sys.argv[3]) * w.std() * random.standard_normal(w.size)
            data[first:last] = (w + noise).astype("<f4").tobytes()
open(sys.argv[2], "wb").write(data)
