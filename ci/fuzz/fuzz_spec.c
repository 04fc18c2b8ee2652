/* Specs of generated datasets, "clusters:n=100,d=8,queries=2": what is accepted describes itself in
 * a form that is accepted, and stays as it is. */
#include <stdlib.h>
#include <string.h>

#include "../../datasets/generate.h"
#include "fuzz.h"

/* "NAME:PARAMETERS", cut in two in place, as dataset_open cuts it. */
static enum status parse(char *spec, struct generator *g) {
    char *colon = strchr(spec, ':');
    if (colon != NULL)
        *colon++ = '\0';
    return generator_parse(spec, colon == NULL ? "" : colon, g);
}

static void describe_again(const struct generator *g) {
    char first[256], copy[256], second[256];
    struct generator back;
    generator_describe(g, first, sizeof first);
    memcpy(copy, first, sizeof copy);
    fuzz_require(parse(copy, &back) == ST_OK, "a description that is not read back");
    generator_describe(&back, second, sizeof second);
    fuzz_require(strcmp(first, second) == 0, "a description that changes when it is read back");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct generator g;
    char *spec = malloc(size + 1);
    if (spec == NULL)
        return 0;
    memcpy(spec, data, size);
    spec[size] = '\0';
    if (fuzz_answer_escaped(parse(spec, &g), ST_INPUT))
        describe_again(&g);
    free(spec);
    return 0;
}
