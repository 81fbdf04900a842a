"""The two networks as PyTorch modules, with PyTorch's initial weights."""
from torch import nn


class GlobalAverage(nn.Module):
    def forward(self, x):
        return x.mean(dim=(2, 3))


def make_network(name, bins, frames, classes):
    if name == "audio-cnn":
        return nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Dropout(0.3), nn.Flatten(), nn.Linear(32 * (bins // 4) * (frames // 4), 64), nn.ReLU(), nn.Linear(64, classes))
    layers, channels = [], 1
    for filters in (32, 64, 128):
        layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(*layers, GlobalAverage(), nn.Linear(channels, classes))
