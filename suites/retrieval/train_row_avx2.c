#define TRAIN_ROW_TABLE train_row_avx2
#include "train_row_body.h"
