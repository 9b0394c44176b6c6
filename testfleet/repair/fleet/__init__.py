"""A repair on several workers: each searches a share, one decides, and the branch is proved."""
