# %% [markdown]
# # How many colors does a picture need?
# Run cell by cell in an editor or as a notebook (jupytext), or whole: `python explore_k.py photo.jpg`.

# %%
import sys

import fastkq

PICTURE = sys.argv[1] if len(sys.argv) > 1 else sys.exit("usage: explore_k.py photo.jpg")
WANTED_PSNR = 35.0

# %% [markdown]
# The colors are counted once and no pixel is mapped: this takes less than half the time of `compress`
# at each k.

# %%
points = fastkq.curve(PICTURE, [4, 8, 16, 32, 64, 128, 256])
for point in points:
    print(f"{point.k:4} colors: {point.psnr:5.2f} dB, {point.nbytes:8,} bytes packed")

# %% [markdown]
# The first k of the curve that reaches the PSNR, and the smallest k that reaches it.

# %%
enough = next((point.k for point in points if point.psnr >= WANTED_PSNR), 256)
chosen = fastkq.compress(PICTURE, target_psnr=WANTED_PSNR)
print(f"{WANTED_PSNR} dB: {enough} colors of the curve, {chosen.k} suffice, {len(chosen.to_bytes()):,} bytes")

# %%
chosen  # a notebook shows the picture and its palette

# %%
try:
    from matplotlib.figure import Figure
except ImportError:
    print("the plot needs the extra report: from a clone, pip install '.[report]'")
else:
    figure = Figure(figsize=(6, 4))
    axes = figure.add_subplot()
    axes.plot([point.nbytes for point in points], [point.psnr for point in points], marker="o")
    for point in points:
        axes.annotate(str(point.k), (point.nbytes, point.psnr), textcoords="offset points", xytext=(6, -10))
    axes.axhline(WANTED_PSNR, linewidth=1)
    axes.set(xlabel="bytes", ylabel="PSNR in dB", title="Size and PSNR by number of colors")
    figure.savefig("curve.png")
