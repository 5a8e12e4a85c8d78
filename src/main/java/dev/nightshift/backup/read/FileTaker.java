package dev.nightshift.backup.read;

import java.io.Closeable;
import java.io.IOException;

/** Takes the decoded files of a backup: nowhere when it is verified, into a folder when it is restored. */
interface FileTaker {
    /** Verifies only. */
    FileTaker NOWHERE = new FileTaker() {
        @Override
        public void folder(String path) {}

        @Override
        public Content file(String path) {
            return Content.NOTHING;
        }

        @Override
        public Blocks change(String path) {
            return Blocks.NOTHING;
        }
    };

    /** A folder of the cluster, relative to its data folder. */
    void folder(String path) throws IOException;

    /** A file of the cluster, relative to its data folder; tablespaces lie below pg_tblspc. */
    Content file(String path) throws IOException;

    /** A file of the cluster that came before and is changed now. */
    Blocks change(String path) throws IOException;

    /** Where changed blocks go. */
    interface Blocks extends Closeable {
        /** Takes them and forgets them. */
        Blocks NOTHING = new Blocks() {
            @Override
            public void length(int keep, int blocks) {}

            @Override
            public void write(long at, byte[] bytes, int from, int count) {}

            @Override
            public void close() {}
        };

        /** First of all: cuts the file if it is longer than so many blocks, then fills it up with zeros to the new length. */
        void length(int keep, int blocks) throws IOException;

        /** Writes bytes at this offset. */
        void write(long at, byte[] bytes, int from, int count) throws IOException;

        @Override
        void close() throws IOException;
    }

    /** Where a file's bytes go. */
    interface Content extends Closeable {
        /** Takes them and forgets them. */
        Content NOTHING = new Content() {
            @Override
            public void write(byte[] bytes, int count) {}

            @Override
            public void close() {}
        };

        void write(byte[] bytes, int count) throws IOException;

        @Override
        void close() throws IOException;
    }
}
