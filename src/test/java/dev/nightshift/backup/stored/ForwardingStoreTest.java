package dev.nightshift.backup.stored;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ForwardingStoreTest {
    /** What it did not would be answered as by a store that knows of no locks. */
    @Test
    void eachQuestionGoesToTheStoreItself() {
        List<String> lacking = Arrays.stream(Store.class.getDeclaredMethods())
                .filter(each -> !each.isSynthetic())
                .filter(each -> Arrays.stream(ForwardingStore.class.getDeclaredMethods())
                        .noneMatch(own -> own.getName().equals(each.getName())
                                && Arrays.equals(own.getParameterTypes(), each.getParameterTypes())))
                .map(Method::getName)
                .toList();
        assertEquals(List.of(), lacking);
    }
}
