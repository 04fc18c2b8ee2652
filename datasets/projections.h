/* Learned search projections of a language model: for some of its layers two matrices that map the
 * layer's input to a search query and a search key, one for all heads.
 *
 * A projections file is a record (harness/record/record.h) that `attest train` wrote.  Below
 * `plan`: what it was trained on and how; below `outputs`: weights in half precision, loss curves.
 */
#ifndef ATTEST_DATASETS_PROJECTIONS_H
#define ATTEST_DATASETS_PROJECTIONS_H

#include <stdint.h>

#include "model_record.h"

enum { PROJECTIONS_LAYERS = 64, PROJECTIONS_SETS = 16 };

/* How they were trained (definitions, section 3). */
struct projection_plan {
    /* The weights' file, and its SHA-256; the text, and the digest of its tokens. */
    char model[MODEL_RECORD_NAME], model_digest[MODEL_RECORD_DIGEST];
    char text[MODEL_RECORD_NAME], text_digest[MODEL_RECORD_DIGEST];
    int64_t sequences, tokens;              /* sequences, and tokens of each */
    int64_t steps, warmup, batch;           /* batch: sequences a step */
    double rate, decay, beta1, beta2, clip; /* AdamW; clip: of the gradient's norm */
    double temperature;                     /* of the contrastive loss */
    int64_t positives;
};

/* One training run: some layers, one d_search, one seed. */
struct projection_set {
    int32_t d_search;
    uint64_t seed;
    int32_t hidden;
    int32_t layer_count;
    int32_t layers[PROJECTIONS_LAYERS]; /* ascending */
    float *wq, *wk;                     /* (layer_count, d_search, hidden) */
    int64_t points;                     /* of the loss curve */
    int64_t *step;                      /* (points) */
    float *loss; /* (layer_count, points) mean over the steps since the last */
};

struct projections {
    struct projection_plan plan;
    int32_t set_count;
    struct projection_set sets[PROJECTIONS_SETS];
    char digest[65]; /* of the record's content; of two joined records: of both digests */
};

/* Room for a set whose shape is set. ST_SYSTEM. */
enum status projection_set_new(struct projection_set *s);
void projections_free(struct projections *p);

/* The set's index of a layer's matrices, or -1. */
int32_t projection_set_layer(const struct projection_set *s, int32_t layer);

/* The first set with this d_search and seed; NULL: none. */
const struct projection_set *projections_find(const struct projections *p, int32_t d_search,
                                              uint64_t seed);

/* As a record's tree; *root is the caller's.  ST_INPUT: a weight outside of half precision;
 * ST_SYSTEM. */
enum status projections_to_tree(const struct projections *p, struct tree **root);

/* Out of a record's tree.  ST_INPUT with one line: something is missing, more than there should be,
 * of another shape, or not finite.  On failure *out is empty. */
enum status projections_from_tree(const struct tree *root, const char *label,
                                  struct projections *out);

/* The projections at PATH, sealed as any record. */
enum status projections_open(const char *path, struct projections *out);

/* Those that the repository has, of SmolLM2-135M-Instruct; the program carries their bytes.  The
 * sets of datasets/projections/smollm2.h5 (all layers), then those of smollm2-variants.h5 (other
 * seeds and widths, of some layers).  ST_SKIP: this build has none. */
enum status projections_committed(struct projections *out);

#endif
