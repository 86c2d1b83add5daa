"""Weighted k-means on vectors, from coarse to exact. This package does not depend on `fastkq.color`.

Points of up to 4 dimensions (`points.MortonPoints`) are sorted along a Morton curve, so that points that are
close in space share a box. The points of a box are compared only with the few centroids that can be nearest
to one of them. Vectors of any dimension (`coarsening.WeightedVectors`) are divided into boxes at the mean.

The swap search works on about 30 boxes per centroid (at effort "balanced"), each of about equal squared
error. It moves single centroids from where their removal costs least to where a split gains most, runs
Lloyd's iterations only on the clusters around both places, lowers the estimated gain of swaps that failed,
and takes the best result of several searches. Lloyd's iterations with over-relaxation, which move centroids
beyond the means, then run on more boxes, and finally on all points; in up to 4 dimensions, effort "fast"
omits these final iterations.

`fit` runs these steps. `one_dimensional` solves the problem exactly for gray values. `accelerated_lloyd` and
`seeding` are Lloyd's algorithm and the initial centroids of the scikit-learn estimator.
"""
