/* Gaussian data: keys, values and queries independent and standard Gaussian.  Logits are then
 * standard Gaussian too, nearly, and attention is spread over all keys. */
#include <stdio.h>

#include "crossover_rows.h"

enum status crossover_fill_gaussian(struct crossover_data *d, int threads) {
    const struct crossover_plan *p = &d->plan;
    enum status st = crossover_data_room(d);
    if (st == ST_OK) {
        crossover_gaussians(p, CROSSOVER_STREAM_K, p->n, threads, d->k);
        crossover_gaussians(p, CROSSOVER_STREAM_V, p->n, threads, d->v);
        crossover_gaussians(p, CROSSOVER_STREAM_Q, p->queries, threads, d->q);
        crossover_reduce(d, threads);
        snprintf(d->note, sizeof d->note,
                 "synthetic: keys, values and queries independent standard Gaussian");
    }
    return st;
}
