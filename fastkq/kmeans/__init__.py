"""Weighted k-means on vectors, from coarse to exact. This package does not depend on `fastkq.color`.

Points of up to 4 dimensions (`points.MortonPoints`) are sorted along a Morton curve, so that neighbors in
space stand together in boxes, and a box tries only the few centroids that can be nearest to one of its
points. Vectors of any dimension (`coarsening.WeightedVectors`) are cut into boxes at the mean.

The swap search works on about 30 boxes per centroid (at effort "balanced"), each of about equal squared
error. It moves single centroids from where their removal costs least to where a split gains most, lets only
the clusters around both places settle, lowers the estimates of swaps that failed, and takes the best of
several such searches. Lloyd's iterations, which move centroids beyond the means, then run on more boxes, and
at last on all points; in up to 4 dimensions, effort "fast" omits these last iterations.

`fit` runs these steps. `one_dimensional` solves the problem exactly for gray values. `accelerated_lloyd` and
`seeding` are Lloyd's algorithm and the initial centroids of the scikit-learn estimator.
"""
