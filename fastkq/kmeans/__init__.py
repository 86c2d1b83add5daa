"""Weighted k-means on vectors, from coarse to exact. This package does not depend on `fastkq.color`.

Points have two forms, see `points`. In up to 4 dimensions they are sorted along a Morton curve
(`morton_points`), so that points that are close in space share a box, and `morton_tree` merges them in boxes.
Vectors of any dimension (`vector_points`) are divided into boxes at the mean. In both forms the points of a
box are compared only with the few centroids that can be nearest to one of them.

The swap search works on about 30 boxes per centroid (at effort "balanced"), each of about equal squared
error. It moves single centroids from where their removal costs least to where a split gains most, runs
Lloyd's iterations only on the clusters around both places, lowers the estimated gain of swaps that failed,
and takes the best result of several searches. Lloyd's iterations with over-relaxation, which move centroids
beyond the means, then run on more boxes, and finally on all points; in up to 4 dimensions, effort "fast"
omits these final iterations.

`fit` runs these steps by a plan (`plans`). `one_dimensional` solves the problem exactly for gray values.
`accelerated_lloyd` and `seeding` are Lloyd's algorithm and the initial centroids of the scikit-learn
estimator: its iterations keep labels and bounds, in `kd_tree` or `hamerly`.
"""
