/* The inverse of the standard normal distribution and the natural logarithm, equal to the last bit
 * on every machine. */
#ifndef ATTEST_DATASETS_NORMAL_H
#define ATTEST_DATASETS_NORMAL_H

/* z with P(Z <= z) = p for p in (0,1), about 16 digits; normal p >= 2^-1022.
 * Made of + - * / and sqrt only, which IEEE 754 rounds in one way: libm's log differs between
 * versions and would change the data.
 * Source: Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied
 * Statistics 37 (1988), routine PPND16. */
double normal_quantile(double p);

/* ln x of a normal positive x, about 16 digits, made of the same operations. */
double natural_log(double x);

#endif
