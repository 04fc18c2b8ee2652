/* attention/int8_channel: keys with a scale a channel and document. */
#define INT8_VARIANT channel
#define INT8_FORM ATTENTION_INT8_CHANNEL
#define INT8_BY_CHANNEL true
#define INT8_SOURCE                                                                                \
    "S003's INT8 cache; Liu et al., \"KIVI\" (2024): keys by channel, values by token"
#include "attention_int8_body.h"
