/* minisign's three files: what is accepted, written and read again, is the same. */
#include <string.h>

#include "../../harness/seal/minisign.h"
#include "../../harness/seal/seal.h"
#include "fuzz.h"

static void try_public(const char *text, size_t size) {
    struct minisign_public key, back;
    char again[MINISIGN_FILE_MAX];
    if (!fuzz_answer(minisign_public_parse(text, size, "case", &key), ST_INPUT))
        return;
    const size_t length = minisign_public_format(&key, again);
    fuzz_require(minisign_public_parse(again, length, "again", &back) == ST_OK,
                 "a public key that is written and then refused");
    fuzz_require(memcmp(&key, &back, sizeof key) == 0, "another public key when written again");
}

static void try_locked(const char *text, size_t size) {
    struct minisign_locked key, back;
    char again[MINISIGN_FILE_MAX];
    if (!fuzz_answer(minisign_locked_parse(text, size, "case", &key), ST_INPUT))
        return;
    const size_t length = minisign_locked_format(&key, again);
    fuzz_require(minisign_locked_parse(again, length, "again", &back) == ST_OK,
                 "a secret key that is written and then refused");
    fuzz_require(memcmp(&key, &back, sizeof key) == 0, "another secret key when written again");
}

/* The trusted comment, if it is one of ours, has one spelling. */
static void try_comment(const char *comment) {
    struct seal seal = {0};
    char again[MINISIGN_TRUSTED];
    if (!seal_comment_is_ours(comment) ||
        !fuzz_answer(seal_comment_parse(comment, "case", &seal), ST_RECORD))
        return;
    fuzz_require(seal_comment_format(&seal, "case", again) == ST_OK && strcmp(again, comment) == 0,
                 "a trusted comment of ours that is written differently");
}

/* A signature file keeps both comments, so every byte of it comes back. */
static void try_signature(const char *text, size_t size) {
    static const struct minisign_public key;
    struct minisign_signature s;
    char again[MINISIGN_FILE_MAX];
    if (!fuzz_answer(minisign_signature_parse(text, size, "case", &s), ST_RECORD))
        return;
    fuzz_require(minisign_signature_format(&s, again) == size && memcmp(again, text, size) == 0,
                 "an accepted signature that is written differently");
    fuzz_require(!minisign_comment_ok(&key, &s), "a comment signed by a key that nobody has");
    try_comment(s.trusted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data;
    try_public(text, size);
    try_locked(text, size);
    try_signature(text, size);
    return 0;
}
