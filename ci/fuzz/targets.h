/* The fuzz targets; TARGET is defined by who includes this.  Sorted, one a line. */
TARGET(annb)
TARGET(idx)
TARGET(npy)
TARGET(record)
TARGET(seal)
TARGET(spec)
TARGET(texmex)
TARGET(tree_pack)
