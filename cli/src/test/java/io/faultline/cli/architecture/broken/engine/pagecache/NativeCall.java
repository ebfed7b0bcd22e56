package io.faultline.cli.architecture.broken.engine.pagecache;

import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;

/** Breaks a rule on purpose: a native call outside the devices. The segment alone is allowed. */
public record NativeCall(Linker linker, SymbolLookup symbols, MemorySegment memory) {}
