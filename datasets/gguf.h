/* GGUF: a language model's metadata and tensors in one file, versions 2 and 3, little-endian.
 *
 * Everything a file claims (counts, lengths, types, dimensions, offsets, alignment, overlap) is
 * settled against the bytes that are there when it is opened; what is handed out afterwards lies
 * inside them.  Source: the ggml project's specification of GGUF.
 */
#ifndef ATTEST_DATASETS_GGUF_H
#define ATTEST_DATASETS_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../harness/base/status.h"

/* Tensor types that are read: name, the same in small letters, number in the file, values a block,
 * bytes a block. */
#define GGUF_TYPE_LIST(X)                                                                          \
    X(F32, f32, 0, 1, 4)                                                                           \
    X(F16, f16, 1, 1, 2)                                                                           \
    X(Q4_0, q4_0, 2, 32, 18)                                                                       \
    X(Q4_1, q4_1, 3, 32, 20)                                                                       \
    X(Q5_0, q5_0, 6, 32, 22)                                                                       \
    X(Q5_1, q5_1, 7, 32, 24)                                                                       \
    X(Q8_0, q8_0, 8, 32, 34)                                                                       \
    X(Q4_K, q4_k, 12, 256, 144)                                                                    \
    X(Q5_K, q5_k, 13, 256, 176)                                                                    \
    X(Q6_K, q6_k, 14, 256, 210)                                                                    \
    X(BF16, bf16, 30, 1, 2)

enum gguf_type {
#define X(name, small, number, values, bytes) GGUF_##name = number,
    GGUF_TYPE_LIST(X)
#undef X
};

enum { GGUF_RANK_MAX = 4 };

/* Bytes of the file; not terminated, any content, may be empty. */
struct gguf_text {
    const char *data;
    size_t size;
};

struct gguf_tensor {
    struct gguf_text name;
    enum gguf_type type;
    uint32_t rank;                /* 1 .. GGUF_RANK_MAX */
    uint64_t dims[GGUF_RANK_MAX]; /* dims[0] runs fastest; 1 behind the rank */
    uint64_t offset;              /* from the start of the data section */
    const unsigned char *bytes;   /* rows of dims[0] values; any alignment */
    size_t size;
};

struct gguf;

/* Maps the file at PATH, compares its SHA-256 (64 hex digits, or NULL: unknown) and parses it.
 * ST_INPUT with one line naming the file and what is wrong; on failure *out is NULL. */
enum status gguf_open(const char *path, const char *sha256, struct gguf **out);

/* As gguf_open for bytes that the caller keeps until gguf_close.  `label` is safe to print. */
enum status gguf_parse(const void *bytes, size_t size, const char *label, struct gguf **out);

/* NULL is allowed.  Everything that was handed out becomes invalid. */
void gguf_close(struct gguf *g);

/* What messages call the file. */
const char *gguf_label(const struct gguf *g);

/* At most 80 bytes of a text for a message; escaped, in a buffer of this thread that the next call
 * but one overwrites. */
const char *gguf_text_shown(const struct gguf_text *text);

/* --- metadata: ST_INPUT with one line when the key is missing or of another kind -------------- */

bool gguf_has(const struct gguf *g, const char *key);

/* The keys in the order of their bytes; index < gguf_key_count. */
size_t gguf_key_count(const struct gguf *g);
struct gguf_text gguf_key_at(const struct gguf *g, size_t index);

enum status gguf_string(const struct gguf *g, const char *key, struct gguf_text *out);

/* An integer of any width and sign within [lo, hi]. */
enum status gguf_integer(const struct gguf *g, const char *key, int64_t lo, int64_t hi,
                         int64_t *out);

/* A float32 or float64; ST_INPUT also for NaN and infinity. */
enum status gguf_real(const struct gguf *g, const char *key, double *out);

enum status gguf_bool(const struct gguf *g, const char *key, bool *out);

/* Every element of an array of strings; *out is the caller's (mem_free), its texts the file's. */
enum status gguf_strings(const struct gguf *g, const char *key, struct gguf_text **out,
                         size_t *count);

/* Every element of an array of integers of any width, each within int64; *out is the caller's
 * (mem_free). */
enum status gguf_integers(const struct gguf *g, const char *key, int64_t **out, size_t *count);

/* --- tensors --------------------------------------------------------------------------------- */

size_t gguf_tensor_count(const struct gguf *g);

/* In the order of names (by bytes); index < gguf_tensor_count. */
const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t index);

/* NULL if the file has no tensor of that name. */
const struct gguf_tensor *gguf_tensor_find(const struct gguf *g, const char *name);

/* Rows [first, first + count) of dims[0] values as float32 into out (count, dims[0]); the higher
 * dimensions are rows one after another.  The rows must exist; values may be NaN or infinite. */
void gguf_rows(const struct gguf_tensor *t, uint64_t first, uint64_t count, float *out);

#endif
