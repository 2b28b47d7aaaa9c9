#!/usr/bin/env python3
"""Train a student on the synthetic images beside this script, and test it on your own.

    python train_student.py --test MY_IMAGES --out student.safetensors

MY_IMAGES is a folder with one sub-folder per class (PNG, JPEG or TIFF; needs Pillow), or an .npz with the arrays test_images
(uint8 [N, H, W] or [N, H, W, 3]) and test_labels (int [N] or [N, 1]), as MedMNIST files have them.

Needs torch, numpy and safetensors, and torchvision where the recipe names one of its networks. Reads distilled.safetensors and recipe.json from its own folder, and nothing from the
network. With the same seed on a CPU it trains the same student as MedDistill itself.

Research software. Not for clinical use. Licence of this script: Apache-2.0.
"""

import argparse
import hashlib
import json
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).resolve().parent
AT_ONCE = (
    256  # images augmented by one draw; part of the protocol, because it orders the random numbers
)


# ---------------------------------------------------------------- the network


def fresh_network(recipe, random):
    """The recipe's network before training."""
    if recipe["network"] == "convnet":
        network = convnet(recipe)
        initialise(network, random)
        return network
    if recipe["network"] not in OWN_NORM:
        raise SystemExit(f"This script knows no network named {recipe['network']!r}.")
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(random.initial_seed())
        return Published(recipe)


def convnet(recipe):
    """Blocks of 3 x 3 convolution, instance norm, ReLU and 2 x 2 average pooling, then one linear layer."""
    layers, incoming, width = [], recipe["channels"], recipe["width"]
    for _ in range(recipe["depth"]):
        layers += [
            nn.Conv2d(incoming, width, 3, padding=1),
            nn.GroupNorm(width, width),  # a group per channel: instance norm with scale and shift
            nn.ReLU(),
            nn.AvgPool2d(2),
        ]
        incoming = width
    side = recipe["size"] >> recipe["depth"]
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Linear(width * side**2, len(recipe["class_names"]))
    )


def initialise(network, random):
    """PyTorch's default initialisation, drawn from our own generator."""
    for layer in network:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            bound = 1.0 / math.sqrt(layer.weight[0].numel())
            for parameter in (layer.weight, layer.bias):
                nn.init.uniform_(parameter, -bound, bound, generator=random)


OWN_NORM = {
    "googlenet": "batch",
    "resnet18": "batch",
    "resnet34": "batch",
    "alexnet": "none",
    "vgg16": "none",
    "vgg19": "none",
}


class Published(nn.Module):
    """A network of torchvision: its first convolution takes the images' channels, it drops nothing, and nothing is downloaded."""

    def __init__(self, recipe):
        super().__init__()
        from torchvision import models

        family = recipe["network"]
        norm = recipe.get("norm", OWN_NORM[family])
        name = f"{family}_bn" if family.startswith("vgg") and norm != "none" else family
        more = {"aux_logits": False, "init_weights": True} if family == "googlenet" else {}
        self.smallest = 64 if family == "alexnet" else 32
        self.body = getattr(models, name)(num_classes=len(recipe["class_names"]), **more)
        layers = dict(self.body.named_modules())
        first = next(name for name, layer in layers.items() if isinstance(layer, nn.Conv2d))
        if layers[first].in_channels != recipe["channels"]:
            self.replace(first, first_layer(layers[first], recipe["channels"]))
        for name, layer in layers.items():
            if isinstance(layer, nn.BatchNorm2d):
                self.replace(name, normalisation(norm, layer))
        self.eval()

    def replace(self, name, layer):
        """Put another layer in the place of one."""
        parent, _, last = name.rpartition(".")
        setattr(self.body.get_submodule(parent), last, layer)

    def forward(self, images):
        """Class scores [N, K]; smaller images than the network takes are enlarged."""
        if images.shape[-1] < self.smallest:
            side = (self.smallest, self.smallest)
            images = F.interpolate(images, side, mode="bilinear", align_corners=False)
        return self.body(images)


def first_layer(layer, channels):
    """The first convolution for another number of channels."""
    fresh = nn.Conv2d(
        channels,
        layer.out_channels,
        layer.kernel_size,
        stride=layer.stride,
        padding=layer.padding,
        bias=layer.bias is not None,
    )
    nn.init.kaiming_normal_(fresh.weight, mode="fan_out", nonlinearity="relu")
    if fresh.bias is not None:
        nn.init.zeros_(fresh.bias)
    return fresh


def normalisation(norm, layer):
    """What stands in the place of a batch normalisation."""
    if norm == "batch":
        return BatchNorm(layer.num_features, layer.eps)
    return nn.GroupNorm(layer.num_features, layer.num_features, eps=layer.eps) if norm == "instance" else nn.Identity()  # fmt: skip


class BatchNorm(nn.Module):
    """Normalises by the batch while it learns, and after `settle` by the synthetic images: it remembers no others."""

    def __init__(self, channels, epsilon):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))  # fmt: skip
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))
        self.epsilon, self.settled = epsilon, False

    def forward(self, maps):
        """Maps [N, C, H, W]."""
        mean, variance = self.mean, self.variance
        if not self.settled:
            mean = maps.mean(dim=(0, 2, 3))
            variance = (maps - mean.view(-1, 1, 1)).square().mean(dim=(0, 2, 3))
            self.mean.copy_(mean.detach())
            self.variance.copy_(variance.detach())
        scale = self.weight * torch.rsqrt(variance + self.epsilon)
        return maps * scale.view(-1, 1, 1) + (self.bias - mean * scale).view(-1, 1, 1)


def settle(network, images):
    """From now on batch normalisation uses the statistics of these images."""
    norms = [layer for layer in network.modules() if isinstance(layer, BatchNorm)]
    if norms:
        with torch.no_grad():
            network(images)
    for norm in norms:
        norm.settled = True


def generator(seed, *purpose):
    """Independent random numbers for each purpose."""
    digest = hashlib.sha256(repr((seed, *purpose)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)


# ---------------------------------------------------------------- augmentation

# Each image gets one of its preset's changes, drawn uniformly (DSA, Zhao & Bilen 2021, arXiv 2102.08259).
PRESETS = {
    "none": [],
    "radiograph": ["colour", "shift", "scale", "rotate 10"],
    "tomography": ["light", "shift", "scale", "rotate 10"],
    "microscopy": ["colour", "turn", "shift"],
    "endoscopy": ["colour", "shift", "scale", "rotate 180", "flip"],
    "natural": ["colour", "shift", "cutout", "flip", "scale", "rotate 15"],
}


def augment(images, preset, random):
    """Change each image in one way. `images`: normalised [N, C, S, S]; what is moved in from outside is 0, the mean."""
    changes = PRESETS[preset]
    if not changes:
        return images
    drawn = draw(changes, len(images), images.shape[-1], random)
    images = coloured(images, drawn)
    grid = F.affine_grid(drawn["affine"].to(images), list(images.shape), align_corners=False)
    images = F.grid_sample(images, grid, mode="bilinear", align_corners=False)
    return cut_out(images, drawn["cutout"]) if "cutout" in changes else images


def draw(changes, count, size, random):
    """The changes of `count` images; where nothing is drawn for an image, it stays as it is."""
    drawn = {
        "affine": torch.eye(2, 3).repeat(count, 1, 1),  # where each output pixel is read from
        "brightness": torch.zeros(count),
        "saturation": torch.ones(count),
        "contrast": torch.ones(count),
        "cutout": torch.tensor([0.0, -1.0, 0.0, -1.0]).repeat(count, 1),
    }
    chosen = torch.randint(len(changes), (count,), generator=random)
    for number, change in enumerate(changes):
        u, which = torch.rand(count, 3, generator=random), chosen == number
        if change == "colour":
            drawn["brightness"][which] = (2 * u[which, 0] - 1) * 0.5
            drawn["saturation"][which] = 2 * u[which, 1]
            drawn["contrast"][which] = u[which, 2] + 0.5
        elif change == "light":
            drawn["brightness"][which] = 0.4 * (2 * u[which, 0] - 1) * 0.5
            drawn["contrast"][which] = 1 + 0.4 * (u[which, 2] - 0.5)
        elif change == "cutout":  # a square of half the side becomes 0
            side = math.floor(0.5 * size + 0.5)
            first = torch.floor(u[which, :2] * size) - side // 2
            last = first + side - 1
            drawn["cutout"][which] = torch.stack([first, last], dim=2).flatten(1)
        else:
            drawn["affine"][which] = moved(change, u[which], size)
    return drawn


def moved(change, u, size):
    """Where each output pixel is read from: [n, 2, 3] in -1..1 coordinates, for numbers u in 0..1."""
    affine = torch.eye(2, 3).repeat(len(u), 1, 1)
    if change == "shift":  # whole pixels, up to an eighth of the side
        reach = math.floor(0.125 * size + 0.5)
        affine[:, :, 2] = 2.0 * (torch.floor(u[:, :2] * (2 * reach + 1)) - reach) / size
    elif change == "scale":  # each axis by 1/1.2 to 1.2
        affine[:, :, :2] = torch.diag_embed(1.0 / (1 / 1.2 + u[:, :2] * (1.2 - 1 / 1.2)))
    elif change == "flip":
        affine[:, 0, 0] = torch.where(u[:, 0] < 0.5, -1.0, 1.0)
    elif change == "turn":  # by quarter turns, mirrored or not
        quarter, mirror = torch.floor(u[:, 0] * 4), torch.where(u[:, 1] < 0.5, -1.0, 1.0)
        cosine, sine = (torch.round(f(quarter * (math.pi / 2))) for f in (torch.cos, torch.sin))
        rows = [torch.stack([mirror * cosine, -sine], 1), torch.stack([mirror * sine, cosine], 1)]
        affine[:, :, :2] = torch.stack(rows, dim=1)
    else:  # "rotate 10": by up to 10 degrees either way
        angle = (2 * u[:, 0] - 1) * math.radians(float(change.split()[1]))
        cosine, sine = torch.cos(angle), torch.sin(angle)
        rows = [torch.stack([cosine, -sine], dim=1), torch.stack([sine, cosine], dim=1)]
        affine[:, :, :2] = torch.stack(rows, dim=1)
    return affine


def coloured(images, drawn):
    """Brightness by up to 0.5 either way, saturation by 0 to 2 (colour images only), contrast by 0.5 to 1.5."""
    brightness, saturation, contrast = (
        drawn[name].to(images).view(-1, 1, 1, 1)
        for name in ("brightness", "saturation", "contrast")
    )
    images = images + brightness
    if images.shape[1] > 1:
        mean = images.mean(dim=1, keepdim=True)
        images = (images - mean) * saturation + mean
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return (images - mean) * contrast + mean


def cut_out(images, cutout):
    """Set a square to 0; `cutout`: first and last row, first and last column of each image."""
    place = torch.arange(images.shape[-1], device=images.device)
    top, bottom, left, right = cutout.to(images)[..., None].unbind(1)
    rows, columns = (place >= top) & (place <= bottom), (place >= left) & (place <= right)
    return images * (~(rows[:, :, None] & columns[:, None, :]))[:, None].to(images)


# ---------------------------------------------------------------- training


def step_rates(rates, steps):
    """The learned rate of each step; a single rate falls to a tenth after half of the steps."""
    if len(rates) == steps:
        return rates.tolist()
    rate = float(rates.double().mean())
    return [rate if step < (steps + 1) // 2 else rate * 0.1 for step in range(steps)]


def batches(count, recipe, seed):
    """Which images each step takes: [steps, batch]; all of them, or mixed batches."""
    steps, batch = recipe["steps"], recipe["batch"]
    if "order" in recipe:  # prescribed
        return torch.tensor(recipe["order"])
    if not 0 < batch < count:
        return torch.arange(count).expand(steps, count)
    random, wanted = generator(seed, "student", "order"), steps * batch
    passes = [torch.randperm(count, generator=random) for _ in range(-(-wanted // count))]
    return torch.cat(passes)[:wanted].view(steps, batch)


def train(tensors, recipe, seed, device):
    """Train one student by SGD with momentum, as the recipe says."""
    random = generator(recipe.get("start", seed), "student", "initial")
    network = fresh_network(recipe, random).to(device)
    images = normalised(tensors["images"], recipe).to(device)
    labels = tensors["labels"].to(device)  # probabilities, or weights of the classes [N, K]
    order = batches(len(images), recipe, seed)
    rates = step_rates(tensors["learning_rates"], recipe["steps"])
    parameters = list(network.parameters())
    velocities = [torch.zeros_like(theta) for theta in parameters]
    step = 0
    for number, block in enumerate(order.split(max(1, AT_ONCE // order.shape[1]))):
        flat = augment(
            images[block.flatten()], recipe["augmentation"], generator(seed, "student", number)
        )
        for chosen, batch in zip(block, flat.split(order.shape[1]), strict=True):
            loss = F.cross_entropy(network(batch), labels[chosen])
            gradients = torch.autograd.grad(loss, parameters)
            with torch.no_grad():
                for theta, gradient, velocity in zip(
                    parameters, gradients, velocities, strict=True
                ):
                    velocity.mul_(recipe["momentum"]).add_(gradient)
                    velocity.add_(theta, alpha=recipe["weight_decay"])
                    theta.sub_(velocity, alpha=rates[step])
            step += 1
            if step % max(1, recipe["steps"] // 10) == 0:
                print(f"step {step:6d} of {recipe['steps']}   loss {loss.item():.4f}")
    settle(network, images)
    return network


def normalised(images, recipe):
    """What the network sees, from images in 0..1 (float) or 0..255 (uint8): [N, C, S, S]."""
    if images.dtype == torch.uint8:
        images = images.float() / 255.0
    mean, deviation = (torch.tensor(recipe[name]).view(-1, 1, 1) for name in ("mean", "deviation"))
    return (images - mean) / deviation


# ---------------------------------------------------------------- testing


def read_npz(path, recipe):
    """Test images and labels of a MedMNIST-shaped file."""
    with np.load(path, allow_pickle=False) as arrays:
        images, labels = arrays["test_images"], arrays["test_labels"].reshape(-1)
    return stacked(images, recipe), torch.from_numpy(labels.astype(np.int64))


def read_folder(path, recipe):
    """Test images and labels of a folder with one sub-folder per class."""
    from PIL import Image

    names = [name.lower() for name in recipe["class_names"]]
    images, labels = [], []
    for folder in sorted(p for p in path.iterdir() if p.is_dir()):
        if folder.name.lower() not in names:
            raise SystemExit(
                f"{folder.name} is none of the classes {', '.join(recipe['class_names'])}."
            )
        for file in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES):
            with Image.open(file) as image:
                pixels = np.asarray(image.convert("RGB"))
            images.append(pixels[..., 0] if (pixels == pixels[..., :1]).all() else pixels)
            labels.append(names.index(folder.name.lower()))
    if not images:
        raise SystemExit(f"{path} holds no images in class sub-folders.")
    return stacked(images, recipe), torch.tensor(labels)


SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"}


def stacked(images, recipe):
    """Images of any size, uint8 [H, W] or [H, W, 3], as the network's uint8 [N, C, S, S]."""
    squares = [square(image, recipe) for image in images]
    return torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).contiguous()


def square(image, recipe):
    """One image as uint8 [S, S, C], fitted as the sender fitted the images that the set was made from."""
    size, channels, values = recipe["size"], recipe["channels"], image.astype(np.float32) / 255
    if values.ndim == 2 and recipe["window"] == "percentile":
        low, high = (float(v) for v in np.percentile(values, (0.5, 99.5)))
        values = ((values - low) / (high - low if high > low else 1.0)).clip(0, 1)
    if values.ndim == 3 and channels == 1:
        values = values @ np.array([0.299, 0.587, 0.114], np.float32)  # luminance, ITU-R BT.601
    if values.ndim == 2:
        values = np.repeat(values[:, :, None], channels, axis=2)
    height, width = values.shape[:2]
    if recipe["fit"] == "crop":
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        values = values[top : top + side, left : left + side]
    inner = (size, size)
    if recipe["fit"] == "pad":
        inner = tuple(max(1, round(n * (size / max(height, width)))) for n in (height, width))
    canvas = np.zeros((size, size, channels), np.float32)
    top, left = (size - inner[0]) // 2, (size - inner[1]) // 2
    canvas[top : top + inner[0], left : left + inner[1]] = resized(values, inner)
    return np.rint(canvas.clip(0, 1) * 255).astype(np.uint8)


def resized(values, shape):
    """Float32 [H, W, C] in another size: bilinear, with a filter as wide as the shrinking asks for."""
    if values.shape[:2] == shape:
        return values
    from PIL import Image

    planes = [Image.fromarray(np.ascontiguousarray(plane)) for plane in values.transpose(2, 0, 1)]
    smaller = [plane.resize(shape[::-1], Image.Resampling.BILINEAR) for plane in planes]
    return np.stack([np.asarray(plane) for plane in smaller], axis=2)


def test(network, images, labels, recipe, device):
    """Accuracy, balanced accuracy and what each class is taken for."""
    with torch.no_grad():
        scores = torch.cat(
            [network(normalised(part, recipe).to(device)).cpu() for part in images.split(256)]
        )
    answers, classes = scores.argmax(dim=1), len(recipe["class_names"])
    confusion = torch.bincount(labels * classes + answers, minlength=classes**2).view(
        classes, classes
    )
    sensitivity = confusion.diagonal() / confusion.sum(dim=1)
    print(f"\n{len(labels)} test images")
    print(f"accuracy           {(answers == labels).double().mean():.4f}")
    print(f"balanced accuracy  {sensitivity[confusion.sum(dim=1) > 0].double().mean():.4f}")
    width = max(map(len, recipe["class_names"]))
    for name, value, row in zip(recipe["class_names"], sensitivity, confusion, strict=True):
        print(f"  {name:{width}}  sensitivity {value:.3f}   taken for {row.tolist()}")


class Classifier(nn.Module):
    """The student with its normalisation: images in 0..1 in, probabilities out."""

    def __init__(self, network, recipe):
        super().__init__()
        self.network = network
        for name in ("mean", "deviation"):
            self.register_buffer(name, torch.tensor(recipe[name]).view(-1, 1, 1))

    def forward(self, images):
        """Float32 [N, C, S, S], 0 black and 1 white, to [N, K]."""
        return self.network((images - self.mean) / self.deviation).softmax(dim=1)


def save_onnx(network, recipe, path):
    """Save as ONNX (needs the packages onnx and onnxscript)."""
    example = torch.zeros(2, recipe["channels"], recipe["size"], recipe["size"])
    program = torch.onnx.export(
        Classifier(network.cpu(), recipe).eval(),
        (example,),
        input_names=["images"],
        output_names=["probabilities"],
        dynamic_shapes={"images": {0: torch.export.Dim("count")}},
        dynamo=True,
        verbose=False,
    )
    model = program.model_proto
    for node in model.graph.node:  # the exporter notes where its code lies on this machine
        del node.metadata_props[:]
    Path(path).write_bytes(model.SerializeToString())


def main():
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--test", type=Path, help="your images: a folder of class folders, or an .npz"
    )
    parser.add_argument("--out", type=Path, help="where to save the student's weights")
    parser.add_argument(
        "--onnx", type=Path, help="where to save it as ONNX (needs onnx and onnxscript)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    wishes = parser.parse_args()
    recipe = json.loads((HERE / "recipe.json").read_text(encoding="utf-8"))
    network = train(
        load_file(HERE / "distilled.safetensors"), recipe, wishes.seed, torch.device(wishes.device)
    )
    if wishes.test:
        read = read_npz if wishes.test.suffix == ".npz" else read_folder
        test(network, *read(wishes.test, recipe), recipe, wishes.device)
    if wishes.out:
        weights = {
            name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()
        }
        save_file(weights, wishes.out, metadata={"recipe": json.dumps(recipe)})
        print(f"\nweights saved to {wishes.out}")
    if wishes.onnx:
        save_onnx(network, recipe, wishes.onnx)
        print(f"ONNX saved to {wishes.onnx}")


if __name__ == "__main__":
    main()
