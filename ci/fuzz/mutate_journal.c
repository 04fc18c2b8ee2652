/* Keeps the digests of a journal's entries true: chance never hits one, and what comes after them
 * is to be tested. */
#include <sodium.h>
#include <string.h>

#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

/* See journal.h: a line, then length, digest of position and bytes, bytes. */
enum { MAGIC = 17, LENGTH = 8, DIGEST = 32 };

static void digest_entry(uint8_t *entry, uint64_t length, uint64_t position) {
    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, DIGEST);
    crypto_generichash_update(&h, (const unsigned char *)&position, sizeof position);
    crypto_generichash_update(&h, entry + LENGTH + DIGEST, length);
    crypto_generichash_final(&h, entry + LENGTH, DIGEST);
}

/* An entry whose length leads past the end is made to end there. */
static void digest_entries(uint8_t *data, size_t size) {
    uint64_t position = 0, length;
    for (size_t at = MAGIC; at + LENGTH + DIGEST < size; at += LENGTH + DIGEST + length) {
        const uint64_t room = size - at - LENGTH - DIGEST;
        memcpy(&length, data + at, sizeof length);
        if (length == 0 || length > room) {
            length = room;
            memcpy(data + at, &length, sizeof length);
        }
        digest_entry(data + at, length, position++);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
    enum { ALONE = 16 };
    const size_t mutated = LLVMFuzzerMutate(data, size, most);
    /* One in ALONE stays as it came. */
    if (seed % ALONE != 0)
        digest_entries(data, mutated);
    return mutated;
}
