"""
Trains a network with PyTorch in the same way as `fit` by default: `accuracy_peer.py NETWORK FOLDER BINS FRAMES CLASSES SEEDS`.
FOLDER has `train`, `validation` and `test`, each as `.x` (float32 [clips, bins, frames], normalised) and `.y` (uint8 [clips]).
For each seed from 1 on, it prints the test accuracy of the epoch with the lowest validation loss.
"""
import copy
import sys

try:
    import numpy as np
    import torch
    from torch.nn.functional import cross_entropy

    from torch_networks import make_network
except ImportError as error:
    sys.exit(print(f"cannot: {error}"))

network, folder = sys.argv[1:3]
bins, frames, classes, seeds = map(int, sys.argv[3:])
EPOCHS, PATIENCE, BATCH = 30, 10, 32


def read(part):
    x = torch.from_numpy(np.fromfile(f"{folder}/{part}.x", np.float32)).reshape(-1, 1, bins, frames)
    return x, torch.from_numpy(np.fromfile(f"{folder}/{part}.y", np.uint8)).long()


@torch.no_grad()
def predict(model, x):
    model.eval()
    logits = torch.cat([model(batch) for batch in x.split(BATCH)])
    model.train()
    return logits


def train(seed):
    torch.manual_seed(seed)
    model = make_network(network, bins, frames, classes)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    (x, y), (validation_x, validation_y) = read("train"), read("validation")
    best_loss, best_epoch, best = float("inf"), 0, None
    for epoch in range(EPOCHS):
        for batch in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
        loss = cross_entropy(predict(model, validation_x), validation_y).item()
        if loss < best_loss:
            best_loss, best_epoch, best = loss, epoch, copy.deepcopy(model.state_dict())
        elif epoch - best_epoch >= PATIENCE:
            break
    model.load_state_dict(best)
    test_x, test_y = read("test")
    return (predict(model, test_x).argmax(1) == test_y).float().mean().item()


for seed in range(1, seeds + 1):
    print(train(seed), flush=True)
