/* minisign's secret keys: made, and encrypted under a password. */
#include <sodium.h>
#include <string.h>

#include "minisign.h"

/* Where things lie in struct minisign_locked; all numbers little-endian. */
enum {
    AT_SALT = 6, /* after "Ed", "Sc", "B2" */
    AT_OPSLIMIT = AT_SALT + crypto_pwhash_scryptsalsa208sha256_SALTBYTES,
    AT_MEMLIMIT = AT_OPSLIMIT + 8,
    AT_ID = AT_MEMLIMIT + 8, /* from here on encrypted */
    AT_KEY = AT_ID + MINISIGN_ID,
    AT_CHECKSUM = AT_KEY + MINISIGN_SECRET_BYTES,
    CHECKSUM = crypto_generichash_BYTES,
    STREAM = MINISIGN_LOCKED_BYTES - AT_ID
};
_Static_assert((int)AT_CHECKSUM + (int)CHECKSUM == (int)MINISIGN_LOCKED_BYTES, "layout");

static void store_u64(unsigned char *p, uint64_t v) {
    for (int i = 0; i < 8; i++)
        p[i] = (unsigned char)(v >> (8 * i));
}

static uint64_t load_u64(const unsigned char *p) {
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

struct minisign_secret *minisign_secret_new(void) {
    return sodium_init() < 0 ? NULL : sodium_malloc(sizeof(struct minisign_secret));
}

void minisign_secret_free(struct minisign_secret *key) { sodium_free(key); }

void minisign_generate(struct minisign_secret *secret) {
    unsigned char public[MINISIGN_KEY_BYTES];
    randombytes_buf(secret->id, sizeof secret->id);
    crypto_sign_keypair(public, secret->key);
}

void minisign_public_of(const struct minisign_secret *secret, struct minisign_public *key) {
    memcpy(key->id, secret->id, sizeof key->id);
    crypto_sign_ed25519_sk_to_pk(key->key, secret->key);
}

/* Of the algorithm, the key's id and the key; plain is decrypted from AT_ID on. */
static void checksum(const unsigned char *plain, unsigned char out[CHECKSUM]) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, CHECKSUM);
    crypto_generichash_update(&state, (const unsigned char *)"Ed", 2);
    crypto_generichash_update(&state, plain, MINISIGN_ID + MINISIGN_SECRET_BYTES);
    crypto_generichash_final(&state, out, CHECKSUM);
    sodium_memzero(&state, sizeof state);
}

/* The stream that a password gives, in guarded memory; NULL: memory refused. */
static unsigned char *derive(const unsigned char *salt, const char *password, uint64_t opslimit,
                             uint64_t memlimit) {
    unsigned char *stream = sodium_malloc(STREAM);
    if (stream != NULL &&
        crypto_pwhash_scryptsalsa208sha256(stream, STREAM, password, strlen(password), salt,
                                           opslimit, (size_t)memlimit) == 0)
        return stream;
    sodium_free(stream);
    return NULL;
}

static void xor_stream(unsigned char *bytes, const unsigned char *stream) {
    for (size_t i = 0; i < STREAM; i++)
        bytes[i] ^= stream[i];
}

enum status minisign_lock(const struct minisign_secret *secret, const char *password,
                          enum minisign_cost cost, struct minisign_locked *key, size_t *mebibytes) {
    bool sensitive = cost == MINISIGN_SENSITIVE;
    uint64_t ops = sensitive ? crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE
                             : crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_INTERACTIVE;
    uint64_t memory = sensitive ? crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE
                                : crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_INTERACTIVE;
    unsigned char *b = key->bytes, *stream;
    memcpy(b, "EdScB2", AT_SALT);
    randombytes_buf(b + AT_SALT, AT_OPSLIMIT - AT_SALT);
    while ((stream = derive(b + AT_SALT, password, ops, memory)) == NULL) {
        ops /= 2;
        memory /= 2;
        if (memory < crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_MIN)
            return status_set(ST_SYSTEM, "no memory to derive a key from the password");
    }
    store_u64(b + AT_OPSLIMIT, ops);
    store_u64(b + AT_MEMLIMIT, memory);
    memcpy(b + AT_ID, secret->id, MINISIGN_ID);
    memcpy(b + AT_KEY, secret->key, MINISIGN_SECRET_BYTES);
    checksum(b + AT_ID, b + AT_CHECKSUM);
    xor_stream(b + AT_ID, stream);
    sodium_free(stream);
    *mebibytes = (size_t)(memory >> 20);
    return ST_OK;
}

/* Takes the decrypted bytes apart; false when the checksum says that the password was another. */
static bool open_plain(const unsigned char *plain, struct minisign_secret *secret) {
    unsigned char sum[CHECKSUM];
    checksum(plain, sum);
    if (sodium_memcmp(sum, plain + AT_CHECKSUM - AT_ID, CHECKSUM) != 0)
        return false;
    memcpy(secret->id, plain, MINISIGN_ID);
    memcpy(secret->key, plain + MINISIGN_ID, MINISIGN_SECRET_BYTES);
    return true;
}

enum status minisign_unlock(const struct minisign_locked *key, const char *password,
                            const char *label, struct minisign_secret *secret) {
    uint64_t ops = load_u64(key->bytes + AT_OPSLIMIT), memory = load_u64(key->bytes + AT_MEMLIMIT);
    if (ops < crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_MIN ||
        ops > crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE ||
        memory < crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_MIN ||
        memory > crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE)
        return status_set(ST_INPUT, "%s: its cost of deriving a key is out of bounds", label);
    unsigned char *plain = derive(key->bytes + AT_SALT, password, ops, memory);
    if (plain == NULL)
        return status_set(ST_SYSTEM,
                          "%s: deriving its key takes %llu MiB of memory, which this machine "
                          "refuses: free some or use another machine",
                          label, (unsigned long long)(memory >> 20));
    xor_stream(plain, key->bytes + AT_ID);
    bool right = open_plain(plain, secret);
    sodium_free(plain);
    return right ? ST_OK : status_set(ST_INPUT, "%s: wrong password", label);
}
