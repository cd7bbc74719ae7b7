/*
One line per line of an invoice of an online shop, as it arrived. The names are those of the data set UCI Online Retail;
files with other names, or in another encoding, are mapped by source.table in adlake.toml, as below.

kind = "append"

# UCI Online Retail as text (the workbook that `adlake fetch online-retail` downloads needs no setting), and the form with the
# names Invoice, Price and "Customer ID", as text or as a workbook of two sheets:
#
# [[source.table]]
# pattern  = "online_retail.csv*"
# table    = "transactions"
# encoding = "iso-8859-1"
#
# [[source.table]]
# pattern = "online_retail_II*"
# table   = "transactions"
# columns = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]

# The columns that later layers ask for. A file without one of them lands all the same, with nulls; further columns
# land as well.
[columns]
invoiceno   = "Number of the invoice; C… cancels, A… adjusts"
stockcode   = "Code of the product, or of a service such as POST for postage"
description = "What the log calls the product"
quantity    = "Units; negative where they come back"
invoicedate = "Instant of the invoice: month/day/year hour:minute, or ISO 8601"
unitprice   = "Price of one unit in the shop's currency"
customerid  = "Number of the customer; empty for guests"
country     = "Country of the customer"
*/
select * from source.transactions
