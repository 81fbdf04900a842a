"""
A program that makes PyTorch training steps: `train_peer.py LAYOUT NETWORK BINS FRAMES CLIPS THREADS`. LAYOUT is `default` or
`channels_last`. It prints `ready`. Then it answers each line on standard input by a number: the milliseconds of a `step`, or
the peak resident `memory` in MiB.
"""
import re
import sys
import time

try:
    import torch

    from torch_networks import make_network
except ImportError as error:
    sys.exit(print(f"cannot: {error}"))

layout, network = sys.argv[1:3]
bins, frames, clips, threads = map(int, sys.argv[3:])
classes = 10
memory_format = torch.channels_last if layout == "channels_last" else torch.contiguous_format

torch.set_num_threads(threads)
model = make_network(network, bins, frames, classes).to(memory_format=memory_format)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
labels = torch.arange(clips) % classes


def step():
    x = torch.rand((clips, 1, bins, frames)).to(memory_format=memory_format)
    start = time.perf_counter()
    loss = torch.nn.functional.cross_entropy(model(x), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return (time.perf_counter() - start) * 1000


def peak_mib():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\s*(\d+) kB", status.read())[1]) / 1024


print("ready", flush=True)
for line in sys.stdin:
    print(step() if line.strip() == "step" else peak_mib(), flush=True)
