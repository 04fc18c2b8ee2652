/* Records of what was taken from a language model: traces and search projections.
 *
 * They have no cells.  Below `plan` such a record states its kind, the model and the text that it
 * was made from, and the numbers of the layers; values are kept in half precision, two bytes each,
 * the low one first.
 */
#ifndef ATTEST_DATASETS_MODEL_RECORD_H
#define ATTEST_DATASETS_MODEL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../harness/base/escape.h"
#include "../harness/base/status.h"
#include "../harness/record/tree.h"

struct model_record {
    const char *kind;   /* as `plan` states it: "attention trace" */
    const char *remedy; /* "make one with attest lm trace" */
    /* Whether this program can read a record's tree.  ST_INPUT with one line; ST_SYSTEM. */
    enum status (*check)(const struct tree *root, const char *label);
};

extern const struct model_record model_record_projections, model_record_trace;

/* The kind that a record's tree states; NULL: none of them. */
const struct model_record *model_record_of(const struct tree *root);

/* ST_INPUT: what is wrong with a record that is said to be of this kind. */
enum status model_record_refuse(const struct model_record *r, const char *label, const char *what);
/* ST_SYSTEM. */
enum status model_record_no_memory(const struct model_record *r);

/* The record at PATH: its tree, which is the caller's, and its path as messages show it.  Errors as
 * record_read; on failure *root is NULL. */
enum status model_record_open(const char *path, char shown[ESCAPE_LINE], struct tree **root);

/* --- what it was made from -------------------------------------------------------------------- */

enum { MODEL_RECORD_NAME = 256, MODEL_RECORD_DIGEST = 65 };

/* Where the names (MODEL_RECORD_NAME) and the digests (MODEL_RECORD_DIGEST) stand. */
struct model_source {
    char *model, *model_digest; /* the weights' file, and its SHA-256 */
    char *text, *text_digest;   /* the text, and the digest of its tokens */
};

/* Attributes of `plan`: the kind and the source.  False: no memory. */
bool model_record_store(const struct model_record *r, const struct model_source *s,
                        struct tree *plan);
/* ST_INPUT: another kind, a text that is missing or too long, or not just so many attributes
 * besides. */
enum status model_record_read(const struct model_record *r, const struct tree *plan,
                              const char *label, size_t attributes, const struct model_source *s);

/* --- datasets --------------------------------------------------------------------------------- */

/* Whether a node, which may be NULL, is a dataset without attributes of that type and rank. */
bool model_record_is(const struct tree *node, enum tree_type type, int rank);
/* And of that shape: dims (rank). */
bool model_record_has(const struct tree *node, enum tree_type type, int rank, const uint64_t *dims);

/* The group's dataset `layers`: 1 to `most` numbers from 0 on, ascending.  ST_INPUT. */
enum status model_record_layers(const struct model_record *r, const struct tree *group,
                                const char *label, int32_t most, int32_t *layers, int32_t *count);

/* Adds values as halves; dims (rank) are those of the bytes, whose last one is twice the values'.
 * ST_INPUT: a value outside of half precision; ST_SYSTEM. */
enum status model_record_store_halves(const struct model_record *r, const float *values,
                                      const char *name, int rank, const uint64_t *dims,
                                      struct tree *group);

#endif
