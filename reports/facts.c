#include "facts.h"

#include <stdio.h>
#include <string.h>

#include "../harness/base/escape.h"

static const char *environment(const struct tree *root, const char *name) {
    const struct tree *e = tree_find(root, "measurements/environment");
    const char *text = e ? tree_get_string(e, name) : NULL;
    return text && *text ? text : NULL;
}

/* The graphics card, where the record names one: "none: REASON" stands for its absence. */
static const char *card(const struct tree *root) {
    const char *name = environment(root, "cuda_device");
    return name && strncmp(name, "none", strlen("none")) != 0 ? name : NULL;
}

void facts_read(const struct tree *root, const struct seal *seal, struct facts *out) {
    const char *cpu = environment(root, "cpu_model"), *gpu = card(root);
    const char *dirty = environment(root, "suite_dirty");
    char text[FACT_TEXT];
    (void)snprintf(text, sizeof text, "%s%s%s", cpu ? cpu : "unknown CPU", gpu ? "; " : "",
                   gpu ? gpu : "");
    escape_text(text, out->machine, sizeof out->machine);
    (void)snprintf(text, sizeof text, "%s%s", *seal->suite_commit ? seal->suite_commit : "unknown",
                   dirty && strcmp(dirty, "yes") == 0 ? ", with uncommitted changes" : "");
    escape_text(text, out->commit, sizeof out->commit);
    escape_text(seal->content_digest, out->digest, sizeof out->digest);
    escape_text(*seal->started ? seal->started : "unknown", out->started, sizeof out->started);
}
