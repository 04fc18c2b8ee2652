/* ann-benchmarks HDF5.  libhdf5 itself breaks on damaged files, which the reader's trial process
 * takes: the caller gets a dataset or a refusal. */
#include <math.h>

#include "../../datasets/formats.h"
#include "fuzz.h"

static void check_vectors(const struct vectors *v) {
    fuzz_require(v->n > 0 && v->d > 0 && v->rows != NULL, "an accepted file without vectors");
    for (int64_t i = 0; i < v->n * v->d; i++)
        fuzz_require(isfinite(v->rows[i]), "a value that is not finite");
}

static void check_neighbours(const struct dataset *d) {
    for (int64_t i = 0; d->neighbours != NULL && i < d->queries.n * d->neighbour_k; i++)
        fuzz_require(d->neighbours[i] >= 0 && d->neighbours[i] < d->base.n,
                     "a neighbour that does not exist");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct dataset d;
    const enum status st = fuzz_in_process() ? annb_parse_untried(data, size, "case", 0, 0, &d)
                                             : annb_parse(data, size, "case", 0, 0, &d);
    fuzz_hdf5_closed();
    if (!fuzz_answer(st, ST_INPUT)) {
        fuzz_require(d.base.rows == NULL && d.queries.rows == NULL && d.neighbours == NULL,
                     "vectors left behind by a refusal");
        return 0;
    }
    check_vectors(&d.base);
    check_vectors(&d.queries);
    fuzz_require(d.base.d == d.queries.d, "queries of another dimension");
    check_neighbours(&d);
    dataset_close(&d);
    return 0;
}
