"""Reduce a photograph to 64 colors, as tutorials do: tutorial.py PHOTO REDUCED."""

import sys

import numpy as np
from PIL import Image
from sklearn.cluster import KMeans

photo = np.array(Image.open(sys.argv[1]))
height, width, channels = photo.shape
pixels = photo.reshape(height * width, channels) / 255

kmeans = KMeans(n_clusters=64, random_state=0).fit(pixels)
reduced = kmeans.cluster_centers_[kmeans.predict(pixels)].reshape(height, width, channels)

Image.fromarray((reduced * 255).round().astype(np.uint8)).save(sys.argv[2])
print(f"64 colors, inertia {kmeans.inertia_:.1f}, {kmeans.n_iter_} iterations")
