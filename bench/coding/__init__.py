"""The coding of `.fkq` beside other lossless formats: how small, how fast, what parts and regions cost."""
