/* Datasets of vectors: named ones of the manifest, generated ones, and the user's own files. */
#ifndef ATTEST_DATASETS_DATASET_H
#define ATTEST_DATASETS_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "../harness/base/status.h"

/* Vectors (n,d) row-major float32, allocated with mem_alloc. */
struct vectors {
    int64_t n;
    int32_t d;
    float *rows;
};

struct dataset {
    char name[64];    /* "fashion-mnist", "clusters", a file's base name made safe */
    char spec[256];   /* what opened it, complete: generators list every parameter */
    char source[256]; /* where it comes from */
    char licence[64];
    char digest[65]; /* BLAKE2b-256 over n, d and bytes of base, then queries */
    bool cosine;     /* both sets were normalised: squared L2 ranks as cosine does */
    struct vectors base, queries;
    int32_t *neighbours; /* (queries.n, neighbour_k) ids shipped with the file, or NULL */
    int32_t neighbour_k;
};

/* Opens SPEC:
 *   fashion-mnist[:n=N,queries=Q]          Debian's package, checked against the manifest
 *   clusters:n=N,d=D,queries=Q[,clusters=C,decay=R,spread=S,seed=X]   decaying spectrum, unit norm
 *   iid:n=N,d=D,queries=Q[,seed=X]         standard Gaussian
 *   integers:n=N,d=D,queries=Q[,seed=X]    whole numbers in [-8, 8]: float arithmetic is exact
 *   PATH                                   .hdf5/.h5 (ann-benchmarks), .fvecs, .bvecs, .npy,
 * IDX[.gz] queries_path: file of queries for a PATH that has none, or NULL: the last min(1000,
 * n/10) rows are then held out.  max_n / max_queries: 0, or keep only the first ones. ST_INPUT with
 * one line naming the file and what is wrong: absent, truncated, mixed dimension, NaN or infinite,
 * empty, unknown format.  Frees nothing the caller owns; on failure *out is empty. */
enum status dataset_open(const char *spec, const char *queries_path, int64_t max_n,
                         int64_t max_queries, struct dataset *out);
void dataset_close(struct dataset *d);

/* Rows of datasets/manifest.tsv and the generators, for `attest list datasets`. */
struct dataset_info {
    const char *name;
    const char *kind; /* "fetched", "generator", "package", "reader" */
    const char *summary;
    const char *licence;
};
extern const struct dataset_info dataset_infos[]; /* sorted, ends with name == NULL */
/* NULL if it can be opened here, else why not and what to do. */
const char *dataset_unavailable(const struct dataset_info *info);

#endif
