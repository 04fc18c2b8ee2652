#include <string.h>

#include "dataset.h"
#include "manifest.h"

const struct dataset_info dataset_infos[] = {
    {"bvecs", "reader", "PATH.bvecs: rows of u8 with a dimension each (TEXMEX)", "the user's"},
    {"clusters", "generator",
     "n=N,d=D,queries=Q[,clusters=C,decay=R,spread=S,seed=X]: clusters with "
     "a decaying spectrum, unit norm",
     "generated"},
    {"fashion-mnist", "package", "[:n=N,queries=Q]: 60,000 images x 784, 10,000 queries",
     "Expat (MIT)"},
    {"fvecs", "reader", "PATH.fvecs: rows of float32 with a dimension each (TEXMEX)", "the user's"},
    {"hdf5", "reader", "PATH.hdf5, .h5: ann-benchmarks, euclidean or angular", "the user's"},
    {"idx", "reader", "PATH, plain or .gz: IDX of u8, rank 2 to 4", "the user's"},
    {"iid", "generator", "n=N,d=D,queries=Q[,seed=X]: standard Gaussian", "generated"},
    {"integers", "generator", "n=N,d=D,queries=Q[,seed=X]: whole numbers in [-8, 8]", "generated"},
    {"npy", "reader", "PATH.npy: two-dimensional float32, float64 or u8", "the user's"},
    {"smollm2", "fetched", "SmolLM2-135M-Instruct as Q4_1: weights and tokenizer of `attest lm`",
     "Apache-2.0"},
    {NULL, NULL, NULL, NULL}};

const char *dataset_unavailable(const struct dataset_info *info) {
    static const char *const roles[] = {"base", "queries", "weights"};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        struct manifest_row row;
        char path[4096];
        if (manifest_find(info->name, roles[i], &row) &&
            manifest_locate(&row, path, sizeof path) != ST_OK) {
            return status_message();
        }
    }
    return NULL;
}
