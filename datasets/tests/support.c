#include "support.h"

#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ftw.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[256];

int scratch_make(void **state) {
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/attest-datasets-XXXXXX",
             base == NULL || *base == '\0' ? "/tmp" : base);
    return mkdtemp(directory) == NULL ? -1 : 0;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *place) {
    (void)info;
    (void)type;
    (void)place;
    return remove(path);
}

int scratch_remove(void **state) {
    (void)state;
    return nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_path(const char *name) {
    static char path[PATH_MAX_TEST];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

const char *scratch_write(const char *name, const void *bytes, size_t size) {
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

void assert_refused(enum status st, const char *where, const char *what) {
    const char *line = status_message();
    assert_int_equal(st, ST_INPUT);
    if (strstr(line, where) == NULL || strstr(line, what) == NULL) {
        fail_msg("\"%s\" names not both \"%s\" and \"%s\"", line, where, what);
    }
    assert_null(strchr(line, '\n'));
    /* "what is wrong" and "what to do" are two parts of every line. */
    assert_non_null(strpbrk(line, ";:"));
}

const char *hash_hex(const void *bytes, size_t size) {
    static char hex[HASH_HEX];
    unsigned char hash[32];
    assert_true(sodium_init() >= 0);
    crypto_generichash(hash, sizeof hash, bytes, size, NULL, 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    return hex;
}
