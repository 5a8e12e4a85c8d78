package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ServerOutputTest {
    private final ServerOutput output = new ServerOutput(Path.of("/data/logs/messages.log"));

    @Test
    void aMarkedLineIsShownWithoutItsMarker() {
        assertEquals(Optional.of("Backup of demo · 312 MB"), output.shown("nightshift: Backup of demo · 312 MB"));
        assertEquals(
                Optional.of("Proof: RESTORED"),
                output.shown(
                        "[11/21/26, 8:05:48:036 UTC] 0000002a SystemOut                 O nightshift: Proof: RESTORED"));
    }

    @Test
    void anEmptyMarkedLineIsAnEmptyLine() {
        assertEquals(Optional.of(""), output.shown("nightshift: "));
    }

    @Test
    void whatTheServerSaysToItselfIsNotShown() {
        assertEquals(Optional.empty(), output.shown("[AUDIT   ] CWWKE0001I: The server nightshift has been launched."));
        assertEquals(Optional.empty(), output.shown("[WARNING ] SRVE9967W: The manifest class path is odd"));
        assertEquals(Optional.empty(), output.shown("some text that mentions nightshift: twice"));
        assertEquals(Optional.empty(), output.shown("[11/21/26, 8:05:48:036 UTC] 0000002a x   I vitamin E is fine"));
        assertEquals(Optional.empty(), output.shown(""));
    }

    @Test
    void anErrorIsShownTheFirstOneWithTheLogsPlace() {
        String first = output.shown("[ERROR   ] CWWKZ0002E: An exception occurred while starting the application.")
                .orElseThrow();
        assertEquals(
                "Server error: CWWKZ0002E: An exception occurred while starting the application."
                        + " (whole log: /data/logs/messages.log)",
                first);
        assertEquals(Optional.of("Server error: again"), output.shown("[ERROR   ] again"));
        assertTrue(output.shown("Error: Could not create the Java Virtual Machine.")
                .isPresent());
        assertEquals(
                Optional.of("Server error: CWWKO0221E: port in use"),
                output.shown("[11/21/26, 8:05:48:036 UTC] 0000002a com.ibm.ws.tcpchannel  E CWWKO0221E: port in use"));
    }

    @Test
    void aFloodOfErrorsIsCutOff() {
        long shown = java.util.stream.IntStream.range(0, 100)
                .filter(n -> output.shown("[ERROR   ] number " + n).isPresent())
                .count();
        assertEquals(10, shown);
    }
}
