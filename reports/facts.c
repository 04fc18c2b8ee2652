#include "facts.h"

#include <stdio.h>

#include "../harness/escape.h"

static const char *environment(const struct tree *root, const char *name) {
    const struct tree *e = tree_find(root, "measurements/environment");
    const char *text = e ? tree_get_string(e, name) : NULL;
    return text && *text ? text : NULL;
}

void facts_read(const struct tree *root, const struct seal *seal, struct facts *out) {
    const char *cpu = environment(root, "cpu_model");
    const char *gpu = environment(root, "gpu_name");
    char machine[FACT_TEXT];
    (void)snprintf(machine, sizeof machine, "%s%s%s",
                   cpu   ? cpu
                   : gpu ? ""
                         : "unknown",
                   cpu && gpu ? "; " : "", gpu ? gpu : "");
    escape_text(machine, out->machine, sizeof out->machine);
    escape_text(seal->content_digest, out->digest, sizeof out->digest);
    escape_text(*seal->started ? seal->started : "unknown", out->started, sizeof out->started);
    escape_text(*seal->suite_commit ? seal->suite_commit : "unknown", out->commit,
                sizeof out->commit);
}
