/* SPDX-License-Identifier: Apache-2.0 */
/* The shared library of user_child.c. */
int user_library_add(int a, int b);

__attribute__((noinline)) int user_library_add(int a, int b)
{
	return a + b;
}
