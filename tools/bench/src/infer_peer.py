"""
A program that runs a network in PyTorch in one thread: `infer_peer.py FORM NETWORK BINS FRAMES CLIPS RUNS`. FORM is `script`
(TorchScript, frozen and optimised), or one of eager mode: `default` or `channels_last`, which are memory layouts. It prints
`ready`. Then it answers each line on standard input by the median milliseconds of RUNS runs.
"""
import statistics
import sys
import time

try:
    import torch

    from torch_networks import make_network
except ImportError as error:
    sys.exit(print(f"cannot: {error}"))

form, network = sys.argv[1:3]
bins, frames, clips, runs = map(int, sys.argv[3:])
memory_format = torch.channels_last if form == "channels_last" else torch.contiguous_format


def set_trained_norms(model):
    """Replaces what BatchNorm starts with by other numbers, as after training. Folding it then changes the weights."""
    for norm in model.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            for around_1 in (norm.weight, norm.running_var):
                torch.nn.init.uniform_(around_1, 0.5, 1.5)
            for around_0 in (norm.bias, norm.running_mean):
                torch.nn.init.uniform_(around_0, -0.5, 0.5)


def time_run():
    start = time.perf_counter()
    model(x)
    return (time.perf_counter() - start) * 1000


torch.set_num_threads(1)
torch.manual_seed(1)
with torch.no_grad():
    model = make_network(network, bins, frames, 10).eval().to(memory_format=memory_format)
    set_trained_norms(model)
    x = torch.rand((clips, 1, bins, frames)).to(memory_format=memory_format)
    if form == "script":
        # Channels-last would change nothing here: this computes in the layouts of oneDNN.
        model = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, x)))
    print("ready", flush=True)
    for line in sys.stdin:
        print(statistics.median(time_run() for _ in range(runs)), flush=True)
