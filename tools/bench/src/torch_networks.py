"""The networks as PyTorch modules, with PyTorch's initial weights."""
from torch import nn


class GlobalAverage(nn.Module):
    def forward(self, x):
        return x.mean(dim=(2, 3))


class Residual(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return x + self.inner(x)


def make_network(name, bins, frames, classes):
    return {"audio-cnn": audio_cnn, "mel-cnn": mel_cnn, "separable": separable}[name](bins, frames, classes)


def audio_cnn(bins, frames, classes):
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(0.3), nn.Flatten(), nn.Linear(32 * (bins // 4) * (frames // 4), 64), nn.ReLU(), nn.Linear(64, classes))


def mel_cnn(_bins, _frames, classes):
    layers, channels = [], 1
    for filters in (32, 64, 128):
        layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(*layers, GlobalAverage(), nn.Linear(channels, classes))


def separable(_bins, _frames, classes):
    # With stride 2 and an even size, `padding=1` pads before the image, and "same" of TensorFlow and of ours behind it. The
    # kernels stand one value further on. The shapes and the arithmetic are the same.
    return nn.Sequential(
        nn.Conv2d(1, 24, 3, stride=2, padding=1), nn.BatchNorm2d(24), nn.ReLU(),
        block(24, 48), Residual(block(48, 48)), nn.MaxPool2d(2),
        block(48, 96), Residual(block(96, 96)), nn.MaxPool2d(2),
        block(96, 160), Residual(block(160, 160)), nn.MaxPool2d((2, 1)),
        block(160, 192), GlobalAverage(), nn.Linear(192, classes))


def block(channels, filters):
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels), nn.BatchNorm2d(channels), nn.ReLU(),
        nn.Conv2d(channels, filters, 1), nn.BatchNorm2d(filters), nn.ReLU())
