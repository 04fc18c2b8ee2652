#include "model_file.h"

#include <stdio.h>
#include <string.h>

#include "../../datasets/manifest.h"
#include "../record/record.h"

enum status model_file_open(const char *path, struct gguf **out) {
    struct manifest_row row;
    char found[4096];
    if (path != NULL) {
        return gguf_open(path, NULL, out);
    }
    if (!manifest_find("smollm2", "weights", &row)) {
        return status_set(ST_INPUT, "the manifest has no model; name one with --model FILE");
    }
    const enum status st = manifest_locate(&row, found, sizeof found);
    return st == ST_OK ? gguf_open(found, row.sha256, out) : st;
}

enum status model_file_name(const char *path, const struct gguf *g, char *name, size_t size,
                            char digest[65]) {
    struct manifest_row row;
    const char *label = gguf_label(g), *slash = strrchr(label, '/'); /* no path of this machine */
    snprintf(name, size, "%s", slash == NULL ? label : slash + 1);
    if (path == NULL && manifest_find("smollm2", "weights", &row)) {
        snprintf(digest, 65, "%s", row.sha256);
        return ST_OK;
    }
    return digest_file(path, digest);
}
