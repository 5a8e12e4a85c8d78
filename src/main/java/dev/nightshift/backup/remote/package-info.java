/**
 * Stores that other machines keep: S3 and what speaks it, Azure Blob Storage and Google Cloud Storage, through one library,
 * Apache OpenDAL. It is apart because that library brings native code, which nothing else here needs, least of all the
 * stand-alone decoder: docs/adr/0013-stores.md says why it was taken.
 */
@NullMarked
package dev.nightshift.backup.remote;

import org.jspecify.annotations.NullMarked;
