/* minisign's text files and signatures (libsodium). Secret keys: minisign_secret.c. */
#include "minisign.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

_Static_assert((int)MINISIGN_KEY_BYTES == (int)crypto_sign_PUBLICKEYBYTES, "Ed25519");
_Static_assert((int)MINISIGN_SECRET_BYTES == (int)crypto_sign_SECRETKEYBYTES, "Ed25519");
_Static_assert((int)MINISIGN_SIGNATURE == (int)crypto_sign_BYTES, "Ed25519");
_Static_assert((int)MINISIGN_HASH_BYTES == (int)crypto_generichash_BYTES_MAX, "BLAKE2b-512");

static const char UNTRUSTED[] = "untrusted comment: ";
static const char TRUSTED[] = "trusted comment: ";

enum {
    PUBLIC_BYTES = 2 + MINISIGN_ID + MINISIGN_KEY_BYTES,
    SIGNED_BYTES = 2 + MINISIGN_ID + MINISIGN_SIGNATURE,
    BASE64_MAX = sodium_base64_ENCODED_LEN(MINISIGN_LOCKED_BYTES, sodium_base64_VARIANT_ORIGINAL)
};

void minisign_id_text(const unsigned char id[MINISIGN_ID], char text[MINISIGN_ID_HEX]) {
    for (size_t i = 0; i < MINISIGN_ID; i++)
        snprintf(text + 2 * i, 3, "%02X", (unsigned)id[MINISIGN_ID - 1 - i]);
}

/* --- reading -------------------------------------------------------------------------------- */

/* A file that is read line by line. */
struct reader {
    const char *text, *label;
    size_t size, at, line;
    enum status refusal;
};

static enum status refuse(const struct reader *r, const char *why) {
    return status_set(r->refusal, "%s: line %zu: %s", r->label, r->line, why);
}

/* The next line as a string of at most size-1 bytes.  Tabs and bytes above ASCII may stand in a
 * comment, other control bytes nowhere. */
static enum status next_line(struct reader *r, char *out, size_t size) {
    r->line++;
    const char *start = r->text + r->at, *end = memchr(start, '\n', r->size - r->at);
    if (end == NULL)
        return refuse(r, "the file ends before this line does");
    size_t length = (size_t)(end - start);
    if (length >= size)
        return refuse(r, "too long");
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)start[i];
        if (c == '\r')
            return refuse(r, "ends in CR LF: only LF");
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return refuse(r, "holds a control byte");
    }
    memcpy(out, start, length);
    out[length] = '\0';
    r->at += length + 1;
    return ST_OK;
}

/* A line that starts with `prefix`; what follows it. */
static enum status next_comment(struct reader *r, const char *prefix, char *out, size_t size) {
    char line[sizeof UNTRUSTED + MINISIGN_TRUSTED];
    size_t skip = strlen(prefix);
    enum status st = next_line(r, line, skip + size);
    if (st != ST_OK)
        return st;
    if (strncmp(line, prefix, skip) != 0)
        return status_set(r->refusal, "%s: line %zu does not start with \"%s\"", r->label, r->line,
                          prefix);
    memcpy(out, line + skip, strlen(line + skip) + 1);
    return ST_OK;
}

/* A line of base64 that stands for exactly `size` bytes, in its one spelling. */
static enum status next_bytes(struct reader *r, unsigned char *out, size_t size) {
    char line[BASE64_MAX + 1], again[BASE64_MAX];
    enum status st = next_line(r, line, sizeof line);
    if (st != ST_OK)
        return st;
    size_t length = 0;
    if (sodium_base642bin(out, size, line, strlen(line), NULL, &length, NULL,
                          sodium_base64_VARIANT_ORIGINAL) == 0 &&
        length == size) {
        sodium_bin2base64(again, sizeof again, out, size, sodium_base64_VARIANT_ORIGINAL);
        bool same = strcmp(line, again) == 0;
        sodium_memzero(again, sizeof again);
        sodium_memzero(line, sizeof line);
        if (same)
            return ST_OK;
    }
    return status_set(r->refusal, "%s: line %zu: not %zu bytes in canonical base64", r->label,
                      r->line, size);
}

static enum status at_end(const struct reader *r) {
    if (r->at == r->size)
        return ST_OK;
    return status_set(r->refusal, "%s: %zu bytes after line %zu", r->label, r->size - r->at,
                      r->line);
}

enum status minisign_public_parse(const char *text, size_t size, const char *label,
                                  struct minisign_public *key) {
    struct reader r = {.text = text, .label = label, .size = size, .refusal = ST_INPUT};
    char comment[MINISIGN_COMMENT];
    unsigned char bytes[PUBLIC_BYTES];
    enum status st = next_comment(&r, UNTRUSTED, comment, sizeof comment);
    if (st == ST_OK)
        st = next_bytes(&r, bytes, sizeof bytes);
    if (st == ST_OK)
        st = at_end(&r);
    if (st != ST_OK)
        return st;
    if (memcmp(bytes, "Ed", 2) != 0)
        return status_set(ST_INPUT, "%s: not a minisign public key", label);
    memcpy(key->id, bytes + 2, MINISIGN_ID);
    memcpy(key->key, bytes + 2 + MINISIGN_ID, MINISIGN_KEY_BYTES);
    return ST_OK;
}

enum status minisign_locked_parse(const char *text, size_t size, const char *label,
                                  struct minisign_locked *key) {
    struct reader r = {.text = text, .label = label, .size = size, .refusal = ST_INPUT};
    char comment[MINISIGN_COMMENT];
    enum status st = next_comment(&r, UNTRUSTED, comment, sizeof comment);
    if (st == ST_OK)
        st = next_bytes(&r, key->bytes, sizeof key->bytes);
    if (st == ST_OK)
        st = at_end(&r);
    if (st != ST_OK)
        return st;
    static const unsigned char unencrypted[2] = {0, 0};
    if (memcmp(key->bytes, "Ed", 2) != 0 || memcmp(key->bytes + 4, "B2", 2) != 0)
        st = status_set(ST_INPUT, "%s: not a minisign secret key", label);
    else if (memcmp(key->bytes + 2, unencrypted, 2) == 0)
        st = status_set(ST_INPUT, "%s: not encrypted: give it a password with minisign -C -s %s",
                        label, label);
    else if (memcmp(key->bytes + 2, "Sc", 2) != 0)
        st = status_set(ST_INPUT, "%s: encrypted in a way that is not minisign's scrypt", label);
    if (st != ST_OK)
        sodium_memzero(key, sizeof *key);
    return st;
}

enum status minisign_signature_parse(const char *text, size_t size, const char *label,
                                     struct minisign_signature *s) {
    struct reader r = {.text = text, .label = label, .size = size, .refusal = ST_RECORD};
    unsigned char bytes[SIGNED_BYTES];
    memset(s, 0, sizeof *s);
    enum status st = next_comment(&r, UNTRUSTED, s->untrusted, sizeof s->untrusted);
    if (st == ST_OK)
        st = next_bytes(&r, bytes, sizeof bytes);
    if (st == ST_OK && memcmp(bytes, "ED", 2) != 0)
        st = refuse(&r, memcmp(bytes, "Ed", 2) == 0 ? "a legacy signature: sign prehashed"
                                                    : "not a minisign signature");
    if (st == ST_OK)
        st = next_comment(&r, TRUSTED, s->trusted, sizeof s->trusted);
    if (st == ST_OK)
        st = next_bytes(&r, s->comment, sizeof s->comment);
    if (st == ST_OK)
        st = at_end(&r);
    if (st != ST_OK)
        return st;
    memcpy(s->id, bytes + 2, MINISIGN_ID);
    memcpy(s->file, bytes + 2 + MINISIGN_ID, MINISIGN_SIGNATURE);
    return ST_OK;
}

/* --- writing -------------------------------------------------------------------------------- */

static const char *base64(const unsigned char *bytes, size_t size, char out[BASE64_MAX]) {
    return sodium_bin2base64(out, BASE64_MAX, bytes, size, sodium_base64_VARIANT_ORIGINAL);
}

size_t minisign_public_format(const struct minisign_public *key, char text[MINISIGN_FILE_MAX]) {
    unsigned char bytes[PUBLIC_BYTES] = "Ed";
    char id[MINISIGN_ID_HEX], encoded[BASE64_MAX];
    memcpy(bytes + 2, key->id, MINISIGN_ID);
    memcpy(bytes + 2 + MINISIGN_ID, key->key, MINISIGN_KEY_BYTES);
    minisign_id_text(key->id, id);
    return (size_t)snprintf(text, MINISIGN_FILE_MAX, "%sminisign public key %s\n%s\n", UNTRUSTED,
                            id, base64(bytes, sizeof bytes, encoded));
}

size_t minisign_locked_format(const struct minisign_locked *key, char text[MINISIGN_FILE_MAX]) {
    char encoded[BASE64_MAX];
    return (size_t)snprintf(text, MINISIGN_FILE_MAX, "%sminisign encrypted secret key\n%s\n",
                            UNTRUSTED, base64(key->bytes, sizeof key->bytes, encoded));
}

size_t minisign_signature_format(const struct minisign_signature *s, char text[MINISIGN_FILE_MAX]) {
    unsigned char bytes[SIGNED_BYTES] = "ED";
    char file[BASE64_MAX], comment[BASE64_MAX];
    memcpy(bytes + 2, s->id, MINISIGN_ID);
    memcpy(bytes + 2 + MINISIGN_ID, s->file, MINISIGN_SIGNATURE);
    return (size_t)snprintf(text, MINISIGN_FILE_MAX, "%s%s\n%s\n%s%s\n%s\n", UNTRUSTED,
                            s->untrusted, base64(bytes, sizeof bytes, file), TRUSTED, s->trusted,
                            base64(s->comment, sizeof s->comment, comment));
}

/* --- signatures ----------------------------------------------------------------------------- */

void minisign_hash(const void *bytes, size_t size, unsigned char hash[MINISIGN_HASH_BYTES]) {
    crypto_generichash(hash, MINISIGN_HASH_BYTES, bytes, size, NULL, 0);
}

/* What the second signature is over: the first, then the trusted comment without its NUL. */
static size_t signed_comment(const struct minisign_signature *s,
                             unsigned char out[MINISIGN_SIGNATURE + MINISIGN_TRUSTED]) {
    size_t length = strlen(s->trusted);
    memcpy(out, s->file, MINISIGN_SIGNATURE);
    memcpy(out + MINISIGN_SIGNATURE, s->trusted, length);
    return MINISIGN_SIGNATURE + length;
}

void minisign_sign(const struct minisign_secret *secret,
                   const unsigned char hash[MINISIGN_HASH_BYTES], const char *untrusted,
                   const char *trusted, struct minisign_signature *s) {
    unsigned char message[MINISIGN_SIGNATURE + MINISIGN_TRUSTED];
    memset(s, 0, sizeof *s);
    memcpy(s->id, secret->id, MINISIGN_ID);
    snprintf(s->untrusted, sizeof s->untrusted, "%s", untrusted);
    snprintf(s->trusted, sizeof s->trusted, "%s", trusted);
    crypto_sign_detached(s->file, NULL, hash, MINISIGN_HASH_BYTES, secret->key);
    size_t size = signed_comment(s, message);
    crypto_sign_detached(s->comment, NULL, message, size, secret->key);
}

bool minisign_file_ok(const struct minisign_public *key,
                      const unsigned char hash[MINISIGN_HASH_BYTES],
                      const struct minisign_signature *s) {
    return crypto_sign_verify_detached(s->file, hash, MINISIGN_HASH_BYTES, key->key) == 0;
}

bool minisign_comment_ok(const struct minisign_public *key, const struct minisign_signature *s) {
    unsigned char message[MINISIGN_SIGNATURE + MINISIGN_TRUSTED];
    size_t size = signed_comment(s, message);
    return crypto_sign_verify_detached(s->comment, message, size, key->key) == 0;
}
