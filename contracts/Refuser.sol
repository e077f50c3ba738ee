// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title A recipient that makes TestUSD revert.
/// @notice Stands for every contract that cannot be paid. Anyone may change its mind, so that a test can also show
/// a payment that works on the second try.
contract Refuser {
    /// TestUSD asks this before it pays.
    bool public refusesTestUSD = true;

    function setRefusesTestUSD(bool refuses) external {
        refusesTestUSD = refuses;
    }
}
