/* attention/int8_token: keys with a scale a token. */
#define INT8_VARIANT token
#define INT8_FORM ATTENTION_INT8_TOKEN
#define INT8_BY_CHANNEL false
#define INT8_SOURCE "S003's INT8 cache; a 16-bit scale a token and KV head, for K and for V"
#include "attention_int8_body.h"
