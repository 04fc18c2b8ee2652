/* Keeps the end of file in the superblock true: the reader compares it with the size first, and
 * what comes after that is to be tested. */
#include <string.h>

#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
    enum { END_OF_FILE = 40, SUPERBLOCK = 48, ALONE = 16 }; /* superblock version 0 */
    size_t mutated = LLVMFuzzerMutate(data, size, most);
    const uint64_t end = mutated;
    /* One in ALONE stays as it came. */
    if (mutated >= SUPERBLOCK && seed % ALONE != 0)
        memcpy(data + END_OF_FILE, &end, sizeof end);
    return mutated;
}
