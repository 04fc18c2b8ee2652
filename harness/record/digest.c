/* BLAKE2b-256 digests of buffers, files and trees (libsodium's crypto_generichash). */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/escape.h"
#include "record.h"

_Static_assert((int)DIGEST_BYTES == (int)crypto_generichash_BYTES, "BLAKE2b-256");

typedef crypto_generichash_blake2b_state hash_state;

static void to_hex(const unsigned char digest[DIGEST_BYTES], char hex[DIGEST_HEX]) {
    sodium_bin2hex(hex, DIGEST_HEX, digest, DIGEST_BYTES);
}

void digest_hex(const void *data, size_t bytes, char hex[DIGEST_HEX]) {
    unsigned char digest[DIGEST_BYTES];
    crypto_generichash(digest, sizeof digest, data, bytes, NULL, 0);
    to_hex(digest, hex);
}

enum status digest_file(const char *path, char hex[DIGEST_HEX]) {
    char shown[ESCAPE_LINE];
    escape_text(path, shown, sizeof shown);
    enum { BLOCK = 1 << 18 };
    unsigned char *block = malloc(BLOCK);
    if (block == NULL)
        return status_set(ST_SYSTEM, "%s: no memory to read it", shown);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, DIGEST_BYTES);
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0 || (got < 0 && fd >= 0 && errno == EINTR)) {
        got = read(fd, block, BLOCK);
        if (got > 0)
            crypto_generichash_update(&state, block, (size_t)got);
    }
    int error = errno;
    if (fd >= 0)
        close(fd);
    free(block);
    if (got < 0)
        return status_set(ST_SYSTEM, "%s: cannot read: %s", shown, strerror(error));
    unsigned char digest[DIGEST_BYTES];
    crypto_generichash_final(&state, digest, sizeof digest);
    to_hex(digest, hex);
    return ST_OK;
}

/* --- trees ---------------------------------------------------------------------------------- */

static void hash_field(hash_state *h, const void *data, size_t bytes) {
    uint64_t length = bytes; /* the machine is little-endian, see tree.c */
    crypto_generichash_blake2b_update(h, (const unsigned char *)&length, sizeof length);
    if (bytes > 0)
        crypto_generichash_blake2b_update(h, data, bytes);
}

static void hash_text(hash_state *h, const char *text) { hash_field(h, text, strlen(text)); }
static void hash_number(hash_state *h, uint64_t v) { hash_field(h, &v, sizeof v); }

static void hash_value(hash_state *h, const struct tree_value *v) {
    static const char *const tokens[] = {
        [TREE_U8] = "u8",   [TREE_I32] = "i32", [TREE_I64] = "i64",      [TREE_U64] = "u64",
        [TREE_F32] = "f32", [TREE_F64] = "f64", [TREE_STRING] = "string"};
    hash_text(h, tokens[v->type]);
    hash_number(h, (uint64_t)(int64_t)v->rank);
    for (int i = 0; i < v->rank; i++)
        hash_number(h, v->dims[i]);
    hash_field(h, v->data, v->bytes);
}

static void hash_node(const struct tree *t, unsigned char digest[DIGEST_BYTES]) {
    static const unsigned char group[crypto_generichash_blake2b_PERSONALBYTES] = "attest/group";
    static const unsigned char dataset[crypto_generichash_blake2b_PERSONALBYTES] = "attest/dataset";
    hash_state h;
    crypto_generichash_blake2b_init_salt_personal(&h, NULL, 0, DIGEST_BYTES, NULL,
                                                  t->is_group ? group : dataset);
    hash_number(&h, t->attribute_count);
    for (size_t i = 0; i < t->attribute_count; i++) {
        hash_text(&h, t->attributes[i].name);
        hash_value(&h, &t->attributes[i].value);
    }
    if (!t->is_group)
        hash_value(&h, &t->value);
    hash_number(&h, t->child_count);
    for (size_t i = 0; i < t->child_count; i++) {
        unsigned char child[DIGEST_BYTES];
        hash_node(t->children[i], child);
        hash_text(&h, t->children[i]->name);
        hash_text(&h, t->children[i]->is_group ? "group" : "dataset");
        hash_field(&h, child, sizeof child);
    }
    crypto_generichash_blake2b_final(&h, digest, DIGEST_BYTES);
}

void tree_digest(const struct tree *t, char hex[DIGEST_HEX]) {
    unsigned char digest[DIGEST_BYTES];
    hash_node(t, digest);
    to_hex(digest, hex);
}
