#!/usr/bin/env python3
"""demo_data.py DIRECTORY OUT: writes what tools/demo loads and asks, with the standard library only.

From DIRECTORY's fashion-mnist-784.npz and fashion-mnist-784.gt100.npz (numpy files: 60,000 images as vectors, 1,000 others
as queries, and their exact neighbours), or, where they are not, a generated set of clusters with exact neighbours found here.
OUT receives vectors.copy (COPY text: id, vector), queries.txt (a vector a line), truth.txt (the ids of the ten
nearest, and the distance of the tenth) and about.txt.
"""
import ast
import heapq
import os
import random
import struct
import sys
import zipfile
from array import array

QUERIES = 200
NEAREST = 10


def read_npy(archive, name):
    """(shape, rows) of a little-endian array in an npz file; rows is one flat array."""
    with archive.open(name + ".npy") as f:
        head = f.read(10)
        if head[:6] != b"\x93NUMPY":
            raise ValueError(f"{name} is not a numpy array")
        header = ast.literal_eval(f.read(struct.unpack("<H", head[8:10])[0]).decode("latin-1"))
        data = f.read()
    kinds = {"|u1": "B", "<i4": "i", "<f4": "f"}
    values = array(kinds[header["descr"]])
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return header["shape"], values


def real_set(directory):
    with zipfile.ZipFile(os.path.join(directory, "fashion-mnist-784.npz")) as z:
        (rows, dim), base = read_npy(z, "base")
        _, query = read_npy(z, "query")
    with zipfile.ZipFile(os.path.join(directory, "fashion-mnist-784.gt100.npz")) as z:
        (_, depth), ids = read_npy(z, "l2_ids")
        _, distances = read_npy(z, "l2_dist")
    vectors = (base[i * dim:(i + 1) * dim] for i in range(rows))
    queries = [query[i * dim:(i + 1) * dim] for i in range(QUERIES)]
    truth = [(list(ids[i * depth:i * depth + NEAREST]), distances[i * depth + NEAREST - 1])
             for i in range(QUERIES)]
    return f"{rows} images of Fashion-MNIST as vector({dim})", dim, vectors, queries, truth


def generated_set():
    """20,000 vectors round 100 centres; small whole numbers, so that exact distances are cheap."""
    rows, dim, centres = 20000, 64, 100
    rng = random.Random(7)
    centre = [[rng.randrange(256) for _ in range(dim)] for _ in range(centres)]

    def one():
        return [min(255, max(0, int(c + rng.gauss(0, 30)))) for c in centre[rng.randrange(centres)]]

    vectors = [one() for _ in range(rows)]
    queries = [one() for _ in range(50)]
    truth = []
    for q in queries:
        nearest = heapq.nsmallest(NEAREST, ((sum((a - b) ** 2 for a, b in zip(q, v)), i)
                                            for i, v in enumerate(vectors)))
        truth.append(([i for _, i in nearest], nearest[-1][0] ** 0.5))
    return f"{rows} generated vectors as vector({dim}); the data folder is not there", dim, vectors, queries, truth


def text(vector):
    return "[" + ",".join(map(str, vector)) + "]"


def main(directory, out):
    if directory and os.path.exists(os.path.join(directory, "fashion-mnist-784.npz")):
        about, dim, vectors, queries, truth = real_set(directory)
    else:
        about, dim, vectors, queries, truth = generated_set()
    with open(os.path.join(out, "vectors.copy"), "w", encoding="ascii") as f:
        for i, vector in enumerate(vectors):
            f.write(f"{i}\t{text(vector)}\n")
    with open(os.path.join(out, "queries.txt"), "w", encoding="ascii") as f:
        f.writelines(text(q) + "\n" for q in queries)
    with open(os.path.join(out, "truth.txt"), "w", encoding="ascii") as f:
        f.writelines(" ".join(map(str, ids)) + f" {distance:.6f}\n" for ids, distance in truth)
    with open(os.path.join(out, "about.txt"), "w", encoding="ascii") as f:
        f.write(f"{dim}\n{about}\n")


main(sys.argv[1], sys.argv[2])
