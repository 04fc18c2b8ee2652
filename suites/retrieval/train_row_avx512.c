#define TRAIN_ROW_TABLE train_row_avx512
#include "train_row_body.h"
