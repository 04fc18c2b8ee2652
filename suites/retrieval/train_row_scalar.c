#define TRAIN_ROW_TABLE train_row_scalar
#include "train_row_body.h"
