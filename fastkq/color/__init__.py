"""Colors: kinds of images, color spaces, tables of counted colors, and the indexed image.

`kinds` defines the meaning of channels; `spaces` and `embedding` convert colors to the coordinates in which
distances are measured. `counting` counts the colors of an image in a `table`: a `packed_table` (8 bits per
channel) or a `row_table` (any dtype); `hidden_colors` counts those under alpha 0. `color_counts` is the
public form of a table. `indexed_image` and `metadata` define the values that encoders and decoders exchange.
"""
