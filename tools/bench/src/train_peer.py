"""One PyTorch training step for each line on standard input; prints its milliseconds."""
import sys
import time

import torch
from torch import nn


class Squeeze(nn.Module):
    def forward(self, x):
        return x.mean(dim=(2, 3))


def audio_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(0.3), nn.Flatten(), nn.Linear(32 * 3 * 107, 64), nn.ReLU(), nn.Linear(64, 10))


def mel_cnn():
    layers, channels = [], 1
    for filters in (32, 64, 128):
        layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(*layers, Squeeze(), nn.Linear(128, 10))


name, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
model, shape = (audio_cnn(), (32, 1, 13, 431)) if name == "audio-cnn" else (mel_cnn(), (32, 1, 128, 216))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
labels = torch.arange(32) % 10
print("ready", flush=True)
for _ in sys.stdin:
    x = torch.rand(shape)
    start = time.perf_counter()
    loss = nn.functional.cross_entropy(model(x), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print((time.perf_counter() - start) * 1000, flush=True)
