/* Text to run a language model on: long English prose out of two Debian packages, or a user's file.
 *
 * A document of the corpus is a chapter of a book, joined from its HTML pages and stripped of
 * markup, listings and tables (html_text.h).  Its SHA-256 is pinned in texts.tsv, and whether it is
 * for training or for evaluation is fixed there: no document is in both.
 */
#ifndef ATTEST_DATASETS_TEXT_H
#define ATTEST_DATASETS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../harness/base/status.h"
#include "tokenizer.h"

struct text_document {
    char name[64]; /* "handbook-apt"; of a user's file its base name, safe to print */
    bool training;
    char source[64];
    char licence[64];
    char sha256[65]; /* of bytes */
    char *bytes;
    size_t size;
};

struct text_corpus {
    struct text_document *documents;
    size_t count;
};

/* The corpus, its documents in the order of names.  Pages are looked for under the directory named
 * by ATTEST_DATA, then under /usr/share/doc.  ST_SKIP: a page is absent, the line names the command
 * that brings it; ST_INPUT: a page is damaged, or a document is not the pinned one.  On failure
 * *out is empty. */
enum status text_corpus_open(struct text_corpus *out);

/* The file at PATH, as it is, as one evaluation document.  ST_INPUT: absent, empty, no regular
 * file, longer than TOKENIZER_MAX_BYTES. */
enum status text_corpus_file(const char *path, struct text_corpus *out);

void text_corpus_close(struct text_corpus *c);

/* --- sequences of tokens ---------------------------------------------------------------------- */

enum text_part { TEXT_TRAINING, TEXT_EVALUATION };

struct text_plan {
    enum text_part part;
    int32_t length; /* tokens a sequence, at least 1 */
    int64_t most;   /* at most so many sequences; 0: all there are */
    bool packed;
    uint64_t seed; /* packed: of the pieces' lengths */
};

/* Sequences, row-major (count, length); all of it allocated together. */
struct text_sequences {
    int64_t count;
    int32_t length;
    int32_t *ids;
    int32_t *segments;  /* 0, 1, ... within a sequence; a token sees its own segment only */
    int32_t *positions; /* 0, 1, ... from the start of each segment */
    int32_t *documents; /* index into the corpus of the document that the token is from */
    int64_t tokens;     /* of the part's documents, used or not */
    int64_t left_out;   /* bytes without a token of their own, which the ids lack */
    char digest[65];    /* BLAKE2b-256 over count, length, ids and segments */
};

/* Cuts the part's documents into sequences; no token is added.
 *
 * Not packed: consecutive windows of `length` tokens of one document, its rest left out; the first
 * windows of all documents come first, then the second ones, so that few sequences are of many
 * texts.  Packed: a sequence holds pieces of several documents in turn, each a segment of its own;
 * a piece is the next max(1, length / 16) .. max(1, length / 2) tokens of its document (uniform,
 * drawn from the seed), or what the document or the sequence leaves.  An incomplete last sequence
 * is left out.  ST_INPUT: length below 1, or not one sequence comes out. */
enum status text_sequences(const struct text_corpus *c, const struct tokenizer *t,
                           const struct text_plan *plan, struct text_sequences *out);

void text_sequences_free(struct text_sequences *s);

#endif
